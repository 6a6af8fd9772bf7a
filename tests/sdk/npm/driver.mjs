// Drives npm alipay-sdk with its signature checks on. JSON in on stdin, JSON out on stdout.
import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';

const order = JSON.parse(readFileSync(0, 'utf8'));
const sdk = new AlipaySdk({
  gateway: order.gateway,
  endpoint: new URL(order.gateway).origin,
  appId: order.app_id,
  privateKey: order.app_private_key,
  ...(order.app_cert
    ? {
        appCertContent: order.app_cert,
        alipayPublicCertContent: order.alipay_cert,
        alipayRootCertContent: order.alipay_root_cert,
      }
    : { alipayPublicKey: order.platform_public_key }),
  ...(order.aes_key ? { encryptKey: order.aes_key } : {}),
  keyType: 'PKCS1',
  signType: order.sign_type,
  charset: order.charset,
  camelcase: false,
});

const parameters = (call) => ({
  ...(call.biz ? { bizContent: call.biz } : {}),
  ...(call.beside ?? {}),
  ...(call.notify_url ? { notifyUrl: call.notify_url } : {}),
  ...(call.return_url ? { returnUrl: call.return_url } : {}),
});

async function curl(call) {
  const { method, path, ...options } = call;
  try {
    const { data, responseHttpStatus } = await sdk.curl(method, path, options);
    return { status: responseHttpStatus, data };
  } catch (error) {
    if (!error.responseHttpStatus || error.responseHttpStatus < 400) throw error;
    return { status: error.responseHttpStatus, code: error.code, message: error.message };
  }
}

async function run(call) {
  switch (call.do) {
    case 'execute':
      return await sdk.exec(call.method, parameters(call), { validateSign: true });
    case 'execute_encrypted': // its own check of an encrypted answer always refuses (alipay-sdk-nodejs-all#82)
      return await sdk.exec(call.method, { ...parameters(call), needEncrypt: true }, { validateSign: false });
    case 'curl': // OpenAPI v3
      return await curl(call);
    case 'page':
      return sdk.pageExecute(call.method, call.http_method ?? 'GET', parameters(call));
    case 'order_string':
      return sdk.sdkExecute(call.method, parameters(call));
    case 'check_notify':
      return sdk.checkNotifySignV2(call.form);
    default:
      throw new Error(call.do);
  }
}

const results = [];
for (const call of order.calls) {
  try {
    results.push({ answer: await run(call) });
  } catch (error) {
    results.push({ error: `${error.name}: ${error.message}` });
  }
}
process.stdout.write(JSON.stringify(results));
