"""system.oauth.token and user.info.share: an app learns who the shopper is that let it know.

She consents on our page; what her browser brings the app is a code, good once and for a minute, which the app changes into
tokens with its signature. Parameters of these methods stand beside `biz_content`, not in it.
"""

from __future__ import annotations

from asyncio import to_thread
from typing import Final

from florin.engine import oauth
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Problem, invalid, missing, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk
from florin.wires.alipay.shapes import china_text
from florin.wires.desk.transfers import find_payee

KNOWS: Final = "auth_user"


async def token(desk: Desk, call: Call, request: shapes.OauthToken) -> Answered:
    """A fresh pair of tokens, for a code or for a refresh token; either is used up."""
    if request.grant_type == "authorization_code":
        if request.code is None:
            raise missing("isv.missing-code", "缺少 code 参数: code is missing")
        made = await to_thread(desk.engine.oauth_tokens_by_code, app_id=desk.app.id, code=request.code)
        if made is None:
            sentence = "授权码无效: this code is unknown, another app's, used, or more than a minute old"
            raise invalid("isv.code-invalid", sentence)
    elif request.grant_type == "refresh_token":
        if request.refresh_token is None:
            raise missing("isv.missing-refresh-token", "缺少 refresh_token 参数: refresh_token is missing")
        made = await to_thread(desk.engine.oauth_tokens_by_refresh, app_id=desk.app.id, refresh=request.refresh_token)
        if made is None:
            sentence = "刷新令牌无效: this refresh token is unknown, another app's, used, or too old"
            raise invalid("isv.refresh-token-invalid", sentence)
    else:
        sentence = f"授权类型无效: “{request.grant_type[:40]}” is not authorization_code or refresh_token"
        raise invalid("isv.grant-type-invalid", sentence)
    return success(
        user_id=str(made.person_id),
        open_id=str(made.person_id),
        access_token=made.access,
        expires_in=str(int(made.access_lives.total_seconds())),
        refresh_token=made.refresh,
        re_expires_in=str(int(made.refresh_lives.total_seconds())),
        auth_start=china_text(made.made_at),
    )


async def user(desk: Desk, call: Call, request: shapes.UserInfo) -> Answered:
    """Who she is; only with a token that she gave for this (`auth_user`)."""
    granted = await desk.ask(oauth.granted_by, request.auth_token)
    if granted is None or granted.app_id != desk.app.id:
        sentence = "无效的访问令牌: this access token is unknown, another app's, or too old"
        raise Problem("20001", "aop.invalid-auth-token", sentence)
    if KNOWS not in granted.scopes:
        sentence = f"用户未授权: she let this app know {' and '.join(granted.scopes)}, not {KNOWS}"
        raise Problem("40006", "isv.insufficient-user-permissions", sentence)
    person = await desk.ask(find_payee, granted.person_id)
    assert person is not None, "a person is never deleted"
    return success(user_id=str(person.id), open_id=str(person.id), nick_name=person.name)
