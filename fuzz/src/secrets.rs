//! What sessions encrypt and sign, from the side of somebody who has the keys: whatever is inside,
//! and whatever is done to it afterwards.

use ipmi_session::keys::Exchange;
use ipmi_session::{OpenError, Protection, Secret, V15Protection};
use ipmi_wire::session::{
    AuthType, CipherSuite, PayloadType, SessionPacket, Username, V20Header, V20Packet,
};

/// The suites of the standard that are spoken.
const SUITES: [u8; 12] = [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17];
const TYPES: [AuthType; 4] = [AuthType::None, AuthType::Md2, AuthType::Md5, AuthType::Password];

fn password() -> Secret {
    Secret::new(b"Complex_Pass").expect("short")
}

fn protection(suite: CipherSuite) -> Protection {
    let algorithms = suite.algorithms().expect("of the standard");
    let exchange = Exchange {
        console_session_id: 1,
        managed_session_id: 2,
        console_random: [3; 16],
        managed_random: [4; 16],
        managed_guid: [5; 16],
        role_byte: 0x14,
        username: Username::new(b"admin").expect("short"),
    };
    let keys = exchange.session_keys(algorithms.authentication, &password(), None);
    Protection::new(algorithms, &keys.expect("spoken"), &password()).expect("spoken")
}

/// A way to protect, how to damage the packet, and what is in it.
///
/// What was sealed opens to the same; a packet that is changed where an integrity code covers it
/// does not open.
pub fn packet(data: &[u8]) {
    let [which, at_low, at_high, bits, payload @ ..] = data else { return };
    let at = usize::from(u16::from_le_bytes([*at_low, *at_high]));
    match usize::from(*which) % (SUITES.len() + TYPES.len()) {
        index if index < SUITES.len() => v20(CipherSuite(SUITES[index]), at, *bits, payload),
        index => v15(TYPES[index - SUITES.len()], at, *bits, payload),
    }
}

fn v20(suite: CipherSuite, at: usize, bits: u8, payload: &[u8]) {
    let protection = protection(suite);
    let header =
        V20Header { session_id: 2, sequence: 9, ..V20Header::sessionless(PayloadType::Ipmi) };
    let Some(mut datagram) = protection.seal(header, payload, [6; 16]) else {
        assert!(payload.len() > 0xff00, "{} bytes do not fit", payload.len());
        return;
    };
    assert_eq!(open(&protection, &datagram), Some(Ok(payload.to_vec())));
    let Some(byte) = datagram.get_mut(at) else { return };
    *byte ^= bits;
    let opened = open(&protection, &datagram);
    // The RMCP header is not covered.
    if bits != 0 && at >= 4 && protection.authenticates() {
        assert!(!matches!(opened, Some(Ok(_))), "changed at {at}, and still believed");
    }
    if let Some(Err(error)) = opened {
        let _ = error.to_string();
    }
}

type Opened = Result<Vec<u8>, OpenError>;

fn open(protection: &Protection, datagram: &[u8]) -> Option<Opened> {
    match SessionPacket::decode_datagram(datagram) {
        Ok(Some(SessionPacket::V20(packet))) => Some(protection.open(&packet)),
        _ => None,
    }
}

fn v15(auth_type: AuthType, at: usize, bits: u8, payload: &[u8]) {
    let protection = V15Protection::new(auth_type, &password()).expect("12 bytes");
    let Some(mut datagram) = protection.seal(2, 9, payload) else {
        assert!(payload.len() > 255, "{} bytes do not fit", payload.len());
        return;
    };
    let believed = |datagram: &[u8]| match SessionPacket::decode_datagram(datagram) {
        Ok(Some(SessionPacket::V15(packet))) => {
            protection.check(&packet).is_ok().then(|| packet.payload.to_vec())
        }
        _ => None,
    };
    assert_eq!(believed(&datagram).as_deref(), Some(payload));
    let Some(byte) = datagram.get_mut(at) else { return };
    *byte ^= bits;
    let after = believed(&datagram);
    if protection.authenticates() && bits != 0 && at >= 4 {
        assert!(after.is_none_or(|after| after == payload), "changed at {at}, and still believed");
    }
}

/// A packet that nobody sealed, under every key: refused, or opened, without a panic.
pub fn foreign_packet(data: &[u8]) {
    let Ok(packet) = V20Packet::decode(data) else { return };
    for suite in SUITES {
        let protection = protection(CipherSuite(suite));
        if let Ok(payload) = protection.open(&packet) {
            assert!(payload.len() <= packet.payload.len());
            assert!(!protection.authenticates(), "without the key");
        }
    }
}
