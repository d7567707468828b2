//! Whole datagrams: session headers and trailers of both versions.

use ipmi_wire::bridge::{Asked, Forwarded, Hop, Route};
use ipmi_wire::interface::{BtRequest, BtResponse, KcsRequest, KcsResponse};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{SessionPacket, V15Packet, V20Packet};
use ipmi_wire::software::SessionMessage;
use ipmi_wire::{Channel, Encode, Request};

use crate::round_trip;

/// A datagram, its RMCP header included.
pub fn datagram(data: &[u8]) {
    match SessionPacket::decode_datagram(data) {
        Ok(Some(SessionPacket::V15(packet))) => v15_again(&packet),
        Ok(Some(SessionPacket::V20(packet))) => v20_again(&packet),
        Ok(None) | Err(_) => {}
    }
}

/// An IPMI 1.5 packet after the RMCP header.
pub fn v15(data: &[u8]) {
    if let Ok(packet) = V15Packet::decode(data) {
        v15_again(&packet);
    }
}

/// An RMCP+ packet after the RMCP header.
pub fn v20(data: &[u8]) {
    if let Ok(packet) = V20Packet::decode(data) {
        v20_again(&packet);
    }
}

/// A message that may say something of a request that was bridged. The first four bytes: bit 0 over
/// a transit, 1 vouched for, 2 and 3 how far it got; number, network function and command of the
/// request. What is said of one request is said of no other.
pub fn bridged(data: &[u8]) {
    let [how, sequence, netfn, cmd, rest @ ..] = data else { return };
    let Ok(message) = LanMessage::decode_unverified(rest) else { return };
    let transit = (how & 1 == 1).then(|| Hop { channel: Channel::new(6), address: 0x2c });
    let route = Route { transit, ..Route::to(Hop::ipmb(0x82)) };
    let asked = Asked { sequence: sequence & 0x3f, netfn: netfn & 0x3e, cmd: *cmd };
    let said = route.read(asked, (how >> 2) & 3, &message, how & 2 == 2);
    let Some(said) = said else { return };
    let other = Asked { sequence: asked.sequence ^ 1, ..asked };
    assert_eq!(route.read(other, 0, &message, true), None);
    // A message inside of Send Message is not sent so.
    let Forwarded::Answer(response) = said else { return };
    if (asked.netfn, asked.cmd) == (0x06, 0x34) {
        return;
    }
    // The same answer to the request as it would be sent.
    let netfn = ipmi_wire::NetFn::from_number(asked.netfn);
    let request = Request { netfn, lun: 0, cmd: asked.cmd, data: Vec::new() };
    let sent = route.wrap(asked.sequence, &request);
    let inner = LanMessage::request(asked.sequence, &request).answer(&response);
    let mut data = vec![0];
    inner.encode(&mut data);
    let whole = LanMessage { netfn: sent.netfn | 1, data, ..sent };
    assert_eq!(route.read(asked, 0, &whole, false), Some(Forwarded::Answer(response)));
}

/// What surrounds a command on the host's own interface, and what consoles and software there say to
/// each other.
pub fn interface(data: &[u8]) {
    round_trip::<KcsRequest>(data);
    round_trip::<KcsResponse>(data);
    round_trip::<BtRequest>(data);
    round_trip::<BtResponse>(data);
    round_trip::<SessionMessage>(data);
}

fn v15_again(packet: &V15Packet<'_>) {
    let datagram = packet.to_datagram().expect("its length byte was in range");
    let again = SessionPacket::decode_datagram(&datagram);
    assert_eq!(again, Ok(Some(SessionPacket::V15(*packet))));
}

fn v20_again(packet: &V20Packet<'_>) {
    let datagram = packet.header.to_datagram(packet.payload).expect("its length was in range");
    let whole = [datagram.as_slice(), packet.trailer].concat();
    match SessionPacket::decode_datagram(&whole) {
        Ok(Some(SessionPacket::V20(again))) => {
            assert_eq!(again.header, packet.header);
            assert_eq!(again.payload, packet.payload);
            assert_eq!(again.trailer, packet.trailer);
        }
        other => panic!("not the same packet: {other:?}"),
    }
    // None, HMAC-SHA1-96, the 128-bit codes, a whole SHA-256, and more than any.
    for length in [0, 12, 16, 32, 1000] {
        if let Ok((covered, code)) = packet.split_auth_code(length) {
            assert_eq!(code.len(), length);
            assert_eq!([covered, code].concat(), packet.whole);
            assert!(covered.ends_with(&[V20Packet::NEXT_HEADER]));
        }
    }
}
