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
const { profitsharing: sharing } = wxpay.v3;
const { batches } = wxpay.v3.transfer;
const sealed = (text) => Rsa.encrypt(text, Object.values(certs)[0]);

const calls = {
  native: (given) => wxpay.v3.pay.transactions.native.post({ ...own, notify_url: order.notify_url, ...given }),
  query: ({ out_trade_no }) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid }, out_trade_no }),
  close: ({ out_trade_no }) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.close.post({ mchid }, { out_trade_no }),
  refund: (given) => wxpay.v3.refund.domestic.refunds.post(given),
  profitsharing_add_receiver: ({ account_type: type, name, ...given }) =>
    sharing.receivers.add.post({ ...given, type, appid: order.appid, ...(name ? { name: sealed(name) } : {}) }),
  profitsharing_delete_receiver: ({ account_type: type, ...given }) =>
    wxpay['v3/profitsharing/receivers/delete'].post({ ...given, type, appid: order.appid }), // .delete is the verb
  profitsharing_order: (given) => sharing.orders.post({ ...given, appid: order.appid }),
  profitsharing_order_query: ({ transaction_id, out_order_no }) =>
    sharing.orders.$out_order_no$.get({ params: { transaction_id }, out_order_no }),
  profitsharing_return: (given) => sharing.returnOrders.post(given),
  profitsharing_return_query: ({ out_order_no, out_return_no }) =>
    sharing.returnOrders.$out_return_no$.get({ params: { out_order_no }, out_return_no }),
  profitsharing_unfreeze: (given) => sharing.orders.unfreeze.post(given),
  profitsharing_amount_query: ({ transaction_id }) =>
    sharing.transactions.$transaction_id$.amounts.get({ transaction_id }),
  profitsharing_config_query: ({ sub_mchid }) => sharing.merchantConfigs.$sub_mchid$.get({ sub_mchid }),
  transfer_batch: ({ transfer_detail_list, ...given }) =>
    batches.post({
      ...given,
      appid: order.appid,
      transfer_detail_list: transfer_detail_list.map((each) => ({ ...each, user_name: sealed(each.user_name) })),
    }),
  transfer_query_out_batch_no: ({ out_batch_no, ...params }) =>
    batches.outBatchNo.$out_batch_no$.get({ params, out_batch_no }),
  transfer_query_batchid: ({ batch_id, ...params }) => batches.batchId.$batch_id$.get({ params, batch_id }),
  transfer_query_out_detail_no: ({ out_batch_no, out_detail_no }) =>
    batches.outBatchNo.$out_batch_no$.details.outDetailNo.$out_detail_no$.get({ out_batch_no, out_detail_no }),
  transfer_query_detail_id: ({ batch_id, detail_id }) =>
    batches.batchId.$batch_id$.details.detailId.$detail_id$.get({ batch_id, detail_id }),
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
