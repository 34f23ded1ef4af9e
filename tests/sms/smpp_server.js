// A message centre for tests, on the npm package smpp (the protocol is its, the faults are ours).
//
// Orders come as lines of JSON on stdin, events go as lines of JSON to stdout. Whatever is printed as "copy" is what a
// telephone would get. Faults befall the next submit_sm, in their order; those called lost*, late and drop_answer have
// stored it.
'use strict';
const smpp = require('smpp');
const fs = require('fs');
const readline = require('readline');

const options = JSON.parse(process.argv[2]);
const tls = options.key ? {key: fs.readFileSync(options.key), cert: fs.readFileSync(options.cert)} : {};
const faults = [];
const sessions = new Set();
const unacknowledged = new Map();
let lastId = options.firstId || 1000;
let isSilent = false;
let bindStatus = 0;

function say(event) {
  fs.writeSync(1, JSON.stringify(event) + '\n');
}

function nextId() {
  lastId += 1;
  return options.hexIds ? lastId.toString(16).toUpperCase() : String(lastId);
}

function bytesOf(pdu) {
  const parts = pdu.short_message && pdu.short_message.message !== undefined ? pdu.short_message : {message: ''};
  const payload = pdu.message_payload ? pdu.message_payload.message : '';
  return {text: parts.message || payload, udh: parts.udh ? parts.udh.map((each) => each.toString('hex')) : []};
}

function store(pdu) {
  const id = nextId();
  say({
    event: 'copy', id, to: pdu.destination_addr, from: pdu.source_addr, ...bytesOf(pdu), coding: pdu.data_coding,
    sourceKind: [pdu.source_addr_ton, pdu.source_addr_npi], esmClass: pdu.esm_class,
    registered: pdu.registered_delivery, own: pdu.user_message_reference, sar: [pdu.sar_msg_ref_num,
      pdu.sar_total_segments, pdu.sar_segment_seqnum].filter((each) => each !== undefined),
    isPayload: pdu.message_payload !== undefined,
    validMinutes: pdu.validity_period instanceof Date ? Math.round((pdu.validity_period - Date.now()) / 60000) : null,
  });
  return id;
}

function submitted(session, pdu) {
  const fault = faults.shift();
  const kind = fault ? fault.kind : 'none';
  if (pdu.destination_addr === '33600000404') {
    return session.send(pdu.response({command_status: 0x0B}));
  }
  switch (kind) {
    case 'status': return session.send(pdu.response({command_status: fault.status}));
    case 'nack': {
      const nack = new smpp.PDU('generic_nack', {command_status: fault.status, sequence_number: pdu.sequence_number});
      return session.send(nack);
    }
    case 'drop': return session.socket.destroy();
    case 'reset': return session.socket.resetAndDestroy();
    case 'lost': return store(pdu);
    case 'lost_unstored': return undefined;
    case 'lost_drop': store(pdu); return session.socket.destroy();
    case 'garbage': store(pdu); return session.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    case 'huge': store(pdu); return session.socket.write(Buffer.from('7fffffff800000040000000000000001', 'hex'));
    case 'wrong_sequence': {
      const id = store(pdu);
      const answer = pdu.response({message_id: id});
      answer.sequence_number += 1000000;
      return session.send(answer);
    }
    case 'twice': {
      const id = store(pdu);
      session.send(pdu.response({message_id: id}));
      return session.send(pdu.response({message_id: 'again'}));
    }
    case 'receipt_first': {
      const id = store(pdu);
      receipt({id, to: pdu.destination_addr, stat: 'DELIVRD'});
      return session.send(pdu.response({message_id: id}));
    }
    case 'half_answer': {
      const whole = pdu.response({message_id: store(pdu)}).toBuffer();
      session.socket.write(whole.subarray(0, 12));
      return session.socket.end();
    }
    case 'late': {
      const answer = pdu.response(fault.status ? {command_status: fault.status} : {message_id: store(pdu)});
      return late.push(() => session.send(answer));
    }
    case 'no_name': store(pdu); return session.send(pdu.response({message_id: ''}));
    case 'unbind_after': {
      session.send(pdu.response({message_id: store(pdu)}));
      return session.unbind();
    }
    default: return session.send(pdu.response({message_id: store(pdu)}));
  }
}
const late = [];

function receiver() {
  return [...sessions].reverse().find((each) => each.receives);
}

function deliver(order) {
  const session = receiver();
  if (!session) { return say({event: 'nobody'}); }
  const fields = {
    source_addr_ton: 1, source_addr_npi: 1, source_addr: order.from, destination_addr: order.to || '38000',
    esm_class: order.esmClass || 0, data_coding: order.coding || 0,
    short_message: order.hex !== undefined ? Buffer.from(order.hex, 'hex') : order.text, ...order.options,
  };
  return session.deliver_sm(fields, (answer) => say({event: 'acknowledged', tag: order.tag, status: answer.command_status}));
}

function receipt(order) {
  const options = {};
  if (order.tlvId) { options.receipted_message_id = order.tlvId; }
  if (order.tlvState) { options.message_state = order.tlvState; }
  if (order.own !== undefined) { options.user_message_reference = order.own; }
  const text = order.stat === undefined ? '' : `id:${order.id} sub:001 dlvrd:001 submit date:2611241200 ` +
    `done date:2611241201 stat:${order.stat} err:${order.err || '000'} text:${order.quoted || 'Cours de 18'}`;
  return deliver({from: order.to, text, esmClass: order.esmClass === undefined ? 4 : order.esmClass, options, tag: order.tag});
}

const server = smpp.createServer(tls, (session) => {
  sessions.add(session);
  say({event: 'session'});
  session.on('error', (error) => say({event: 'error', said: String(error.code || error)}));
  session.on('close', () => { sessions.delete(session); say({event: 'closed'}); });
  session.on('pdu', (pdu) => {
    if (isSilent) { return; }
    if (/^bind_(transceiver|transmitter|receiver)$/.test(pdu.command)) {
      const isRight = pdu.system_id === options.systemId && pdu.password === options.password;
      const status = bindStatus || (isRight ? 0 : 0x0E);
      session.receives = status === 0 && pdu.command !== 'bind_transmitter';
      session.sends = status === 0 && pdu.command !== 'bind_receiver';
      say({event: 'bind', command: pdu.command, status, systemType: pdu.system_type});
      session.send(pdu.response(status ? {command_status: status} : {system_id: 'TEST'}));
    } else if (pdu.command === 'submit_sm') {
      if (session.sends) { submitted(session, pdu); } else { session.send(pdu.response({command_status: 4})); }
    } else if (pdu.command === 'enquire_link') {
      say({event: 'enquired'});
      session.send(pdu.response());
    } else if (pdu.command === 'unbind') {
      say({event: 'unbound'});
      session.send(pdu.response());
      session.close();
    } else if (pdu.command === 'query_sm') {
      const state = states.get(pdu.message_id);
      session.send(pdu.response(state === undefined ? {command_status: 0x67}
        : {message_id: pdu.message_id, final_date: '', message_state: state, error_code: 0}));
    } else if (!pdu.isResponse()) {
      session.send(pdu.response());
    } else if (pdu.command === 'generic_nack' || pdu.command === 'enquire_link_resp') {
      say({event: pdu.command, status: pdu.command_status});
    }
  });
});
const states = new Map();

const orders = {
  fault: (order) => faults.push(order),
  deliver,
  receipt,
  silent: (order) => { isSilent = order.is; },
  bind_status: (order) => { bindStatus = order.status; },
  answer_late: () => { while (late.length) { late.shift()(); } },
  unbind_all: () => sessions.forEach((each) => each.unbind()),
  unbind_receivers: () => [...sessions].filter((each) => each.receives).forEach((each) => each.unbind()),
  unbind_senders: () => [...sessions].filter((each) => each.sends).forEach((each) => each.unbind()),
  reset_all: () => sessions.forEach((each) => each.socket.resetAndDestroy()),
  enquire_all: () => sessions.forEach((each) => each.enquire_link()),
  raw: (order) => sessions.forEach((each) => each.socket.write(Buffer.from(order.hex, 'hex'))),
  state: (order) => states.set(order.id, order.state),
  ping: () => undefined,
};

readline.createInterface({input: process.stdin}).on('line', (line) => {
  const order = JSON.parse(line);
  orders[order.order](order);
  say({event: 'done', number: order.number});
}).on('close', () => process.exit(0));
server.listen(options.port || 0, '127.0.0.1', () => say({event: 'listening', port: server.address().port}));
