//! Whole datagrams: session headers and trailers of both versions.

use ipmi_wire::session::{SessionPacket, V15Packet, V20Packet};

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
