// Drives npm wechatpay-axios-plugin, which checks every answer of 2xx. JSON in on stdin, JSON out on stdout.
import { readFileSync } from 'node:fs';
import plugin from 'wechatpay-axios-plugin';

const { Wechatpay, Rsa, Formatter, Aes } = plugin;
const order = JSON.parse(readFileSync(0, 'utf8'));
const pem = (line, label) => `-----BEGIN ${label}-----\n${line.match(/.{1,64}/g).join('\n')}\n-----END ${label}-----\n`;
const certs = { [order.public_key_id || order.certificate_serial_no]: pem(order.public_key, 'PUBLIC KEY') };
const wxpay = new Wechatpay({
  mchid: order.mchid,
  serial: order.serial_no,
  privateKey: pem(order.private_key, 'PRIVATE KEY'),
  certs,
  baseURL: order.gateway,
  headers: order.public_key_id ? { 'Wechatpay-Serial': order.public_key_id } : {},
});
const own = { appid: order.appid, mchid: order.mchid };
const { mchid } = own;

const calls = {
  native: (given) => wxpay.v3.pay.transactions.native.post({ ...own, notify_url: order.notify_url, ...given }),
  query: ({ out_trade_no }) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid }, out_trade_no }),
  close: ({ out_trade_no }) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.close.post({ mchid }, { out_trade_no }),
  refund: (given) => wxpay.v3.refund.domestic.refunds.post(given),
  query_refund: ({ out_refund_no }) => wxpay.v3.refund.domestic.refunds.$out_refund_no$.get({ out_refund_no }),
};

function checkNotify({ headers, body }) {
  const signed = Formatter.joinedByLineFeed(headers['Wechatpay-Timestamp'], headers['Wechatpay-Nonce'], body);
  const key = certs[headers['Wechatpay-Serial']];
  if (!Rsa.verify(signed, headers['Wechatpay-Signature'], key)) throw new Error('signature');
  const told = JSON.parse(body);
  const { nonce, ciphertext, associated_data: about } = told.resource;
  return { ...told, resource: JSON.parse(Aes.AesGcm.decrypt(ciphertext, order.apiv3_key, nonce, about)) };
}

async function run(call) {
  if (call.do === 'check_notify') return checkNotify(call);
  try {
    const { status, data } = await calls[call.do](call.given);
    return { code: status, message: data || {} };
  } catch (error) {
    if (!error.response || !error.response.data.code) throw error;
    return { code: error.response.status, message: error.response.data };
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
