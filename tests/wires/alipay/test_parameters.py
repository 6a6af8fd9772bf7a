from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.wires.alipay.parameters import BODY_BYTES_MAX, PARAMETERS_MAX, Parameters, origin_form, read_parameters

FORM = "application/x-www-form-urlencoded;charset=utf-8"


def read(query: bytes = b"", body: bytes = b"", content_type: str | None = FORM) -> Parameters:
    return read_parameters(query=query, content_type=content_type, body=body)


def test_a_parameter_counts_wherever_it_comes():
    in_query = read(query=b"app_id=7&biz_content=%7B%7D")
    in_both = read(query=b"app_id=7", body=b"biz_content=%7B%7D")
    in_body = read(body=b"app_id=7&biz_content=%7B%7D", content_type=None)

    for parameters in (in_query, in_both, in_body):
        assert (parameters.text("app_id"), parameters.text("biz_content")) == ("7", "{}")
        assert parameters.fault is None


def test_multipart_fields_are_parameters_and_files_are_read_over():
    body = (
        b'--B\r\nContent-Disposition: form-data; name="biz_content"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        b'{"a":"\xe8\x8c\xb6"}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        b"\xff\xd8\r\n"
        b"--B--\r\n"
    )

    parameters = read(query=b"app_id=7", body=body, content_type="multipart/form-data; boundary=B")

    assert parameters.fault is None
    assert parameters.text("biz_content") == '{"a":"茶"}'
    assert parameters.raw("photo") == b""


@pytest.mark.parametrize(
    "body",
    [b"", b"--B\r\nContent-Disposition: form-data; name=x\r\n\r\ncut off", b"no boundary at all", b"--B\r\n\r\n--B--"],
)
def test_multipart_that_cannot_be_read_is_a_fault_and_not_a_crash(body: bytes):
    parameters = read(query=b"app_id=7", body=body or b"\r\n", content_type="multipart/form-data; boundary=B")

    assert parameters.text("app_id") == "7"
    assert parameters.fault is not None
    assert parameters.fault.sub_code == "isv.invalid-parameter"


def test_multipart_without_a_boundary_is_a_fault():
    assert read(body=b"x", content_type="multipart/form-data").fault is not None


def test_the_charset_is_read_before_the_values_are_decoded():
    tea = quote("茶".encode("gbk"))

    parameters = read(query=b"charset=GBK", body=f"subject={tea}".encode())

    assert (parameters.charset, parameters.text("subject")) == ("gbk", "茶")


def test_without_a_charset_the_default_decides():
    tea = quote("茶".encode("gbk")).encode()

    assert (
        read_parameters(query=b"subject=" + tea, content_type=None, body=b"", charset_when_absent="gbk").text("subject")
        == "茶"
    )
    assert read().charset == "utf-8"


def test_a_charset_nobody_knows_is_a_fault():
    fault = read(query=b"charset=klingon").fault

    assert fault is not None
    assert fault.sub_code == "isv.invalid-charset"
    assert "klingon" in fault.sentence


def test_bytes_of_another_charset_are_told_by_name():
    sent_as_utf8 = read(query=b"charset=gbk&subject=" + quote("茶叶茶").encode())
    fault = sent_as_utf8.undecodable()

    assert fault is not None
    assert "subject" in fault.sentence
    assert "the bytes are UTF-8" in fault.sentence
    assert read(query=b"charset=utf-8&subject=" + quote("茶".encode("gbk")).encode()).undecodable() is not None
    assert read(query=b"subject=%C3%28").undecodable() is not None
    assert read(query="subject=茶".encode()).undecodable() is None


def test_the_same_name_twice_is_fine_with_the_same_value_and_a_fault_with_another():
    assert read(query=b"charset=utf-8", body=b"charset=utf-8").fault is None
    fault = read(query=b"app_id=7", body=b"app_id=8").fault
    assert fault is not None
    assert "app_id" in fault.sentence


def test_a_broken_percent_is_a_fault_that_names_the_parameter():
    for query in (b"subject=100%", b"subject=%zz", b"subject=%4"):
        fault = read(query=query).fault
        assert fault is not None
        assert "subject" in fault.sentence


def test_a_body_of_ten_megabytes_is_refused_and_the_app_is_still_known():
    parameters = read(query=b"app_id=7", body=b"biz_content=" + b"x" * 10_000_000)

    assert parameters.text("app_id") == "7"
    assert parameters.fault is not None
    assert f"{BODY_BYTES_MAX:,}" in parameters.fault.sentence


def test_a_json_body_is_told_to_be_a_form():
    fault = read(query=b"app_id=7", body=b'{"app_id":"7"}', content_type="application/json").fault

    assert fault is not None
    assert fault.sub_code == "isv.invalid-format"


def test_too_many_parameters_or_too_long_a_name_is_a_fault():
    many = b"&".join(b"p%d=1" % number for number in range(PARAMETERS_MAX + 50))

    assert len(read(query=many).entries) == PARAMETERS_MAX
    assert read(query=many).fault is not None
    assert read(query=b"x" * 200 + b"=1").fault is not None


def test_the_first_fault_is_the_one_that_is_told():
    fault = read(query=b"a=%zz&charset=klingon").fault

    assert fault is not None
    assert "“a”" in fault.sentence


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://127.0.0.2/gateway.do", "/gateway.do"),
        ("HTTPS://pay.example:8443/gateway.do", "/gateway.do"),
        ("http://127.0.0.2", "/"),
        ("/gateway.do", "/gateway.do"),
        ("/http://x/gateway.do", "/http://x/gateway.do"),
    ],
)
def test_an_absolute_form_target_is_brought_to_its_path(target: str, path: str):
    assert origin_form(target) == path


@given(
    st.binary(max_size=400),
    st.binary(max_size=400),
    st.sampled_from([None, "", FORM, "multipart/form-data; boundary=B", "x/y;;"]),
)
def test_no_request_however_odd_raises(query: bytes, body: bytes, content_type: str | None):
    parameters = read_parameters(query=query, content_type=content_type, body=body)

    parameters.undecodable()
    assert len({entry.name for entry in parameters.entries}) == len(parameters.entries)
