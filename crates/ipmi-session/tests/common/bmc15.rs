//! A BMC of IPMI v1.5, by the book (IPMI v2.0 §13.6, §22.13, §22.16, §22.17) but for what it is told
//! to do otherwise.

use ipmi_session::{Quirk, Quirks, Secret, V15Protection};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{AuthType, SessionPacket, V15Packet};
use ipmi_wire::{CompletionCode, Decode, Encode, Response};

const TEMPORARY: u32 = 0x7e7e_0001;
const SESSION: u32 = 0x5e55_0001;
const CHALLENGE: [u8; 16] = [0xc4; 16];

pub struct Bmc15 {
    pub quirks: Quirks,
    /// Bits of the types that it says it has, and those that it has.
    pub offered: u8,
    pub taken: Vec<AuthType>,
    /// Per-message authentication is off, as it says.
    pub bare: bool,
    /// The privilege that it wants to hear in Activate Session.
    pub limit: u8,
    /// The number for the console's first packet.
    pub inbound: u32,
    /// The code that Activate Session and Get Session Challenge are refused with.
    pub refuse: Option<(u8, CompletionCode)>,
    /// Commands that were carried out, and the types of all packets that came in the session.
    pub executed: Vec<u8>,
    pub seen: Vec<AuthType>,
    pub challenges: usize,
    auth_type: AuthType,
    outbound: u32,
    sent: u32,
    highest: u32,
}

impl Bmc15 {
    pub fn new(quirks: Quirks) -> Self {
        Self {
            quirks,
            offered: 0x04,
            taken: vec![AuthType::Md5],
            bare: false,
            limit: 4,
            inbound: 0x0000_00fe,
            refuse: None,
            executed: Vec::new(),
            seen: Vec::new(),
            challenges: 0,
            auth_type: AuthType::None,
            outbound: 0,
            sent: 0,
            highest: 0,
        }
    }

    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.has(quirk)
    }

    fn protection(&self) -> V15Protection {
        V15Protection::new(self.auth_type, &Secret::new(b"Complex_Pass").unwrap()).unwrap()
    }

    /// What it answers.
    pub fn answer(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let packet = match SessionPacket::decode_datagram(datagram) {
            Ok(Some(SessionPacket::V15(packet))) => packet,
            other => panic!("not IPMI v1.5: {other:?}"),
        };
        let request = LanMessage::decode_exact(packet.payload).unwrap();
        match (packet.session_id, request.cmd) {
            (0, 0x38) => {
                let status = if self.bare { 0x14 } else { 0x04 };
                sessionless(&request, 0, &[1, self.offered, status, 0, 0, 0, 0, 0])
            }
            (0, 0x39) => self.challenge(&request),
            (TEMPORARY, 0x3a) => self.activate(&packet, &request),
            (SESSION, _) => self.command(&packet, &request),
            other => panic!("{other:?}"),
        }
    }

    fn challenge(&mut self, request: &LanMessage) -> Option<Vec<u8>> {
        assert_eq!((request.data.len(), &request.data[1..6]), (17, &b"admin"[..]));
        self.challenges += 1;
        if let Some((0x39, code)) = self.refuse {
            return sessionless(request, code.0, &[]);
        }
        self.auth_type = AuthType::from_number(request.data[0]);
        if !self.taken.contains(&self.auth_type) {
            return sessionless(request, 0xcc, &[]);
        }
        let answer = [&TEMPORARY.to_le_bytes()[..], &CHALLENGE].concat();
        sessionless(request, 0, &answer)
    }

    fn activate(&mut self, packet: &V15Packet<'_>, request: &LanMessage) -> Option<Vec<u8>> {
        assert_eq!(packet.sequence, 0);
        self.protection().check(packet).unwrap();
        assert_eq!(request.data[0], self.auth_type.number());
        assert_eq!(request.data[2..18], CHALLENGE);
        if let Some((0x3a, code)) = self.refuse {
            return sessionless(request, code.0, &[]);
        }
        if self.has(Quirk::ExactPrivilege) && request.data[1] != self.limit {
            return sessionless(request, 0xd4, &[]);
        }
        self.outbound = u32::from_le_bytes(request.data[18..].try_into().unwrap());
        assert_ne!(self.outbound, 0);
        self.highest = self.inbound;
        let keeps = !self.bare || self.has(Quirk::ForcePerMsg);
        let auth_type = if keeps { self.auth_type } else { AuthType::None };
        let inbound = self.inbound;
        let answer = [
            &[auth_type.number()][..],
            &SESSION.to_le_bytes(),
            &inbound.to_le_bytes(),
            &[request.data[1]],
        ]
        .concat();
        let answer = Response { completion: CompletionCode::OK, data: answer };
        let message = request.answer(&answer).to_bytes();
        self.sealed(TEMPORARY, &message, false)
    }

    fn command(&mut self, packet: &V15Packet<'_>, request: &LanMessage) -> Option<Vec<u8>> {
        self.seen.push(packet.auth_type);
        let coded = self.protection().check(packet).is_ok();
        let bare = self.bare && !self.has(Quirk::ForcePerMsg);
        assert!(coded || bare && packet.auth_type == AuthType::None, "{packet:?}");
        // As FreeIPMI found out, only the BMC's own numbers are in reverse.
        let ahead = packet.sequence.wrapping_sub(self.highest);
        if ahead > 15 {
            return None;
        }
        self.highest = packet.sequence.wrapping_add(1);
        self.executed.push(request.cmd);
        let answer = Response { completion: CompletionCode::OK, data: vec![request.cmd] };
        let mut message = request.answer(&answer).to_bytes();
        if self.has(Quirk::NoChecksumCheck) {
            *message.last_mut().unwrap() ^= 0x55;
        }
        let coded = !bare || self.has(Quirk::UnexpectedAuth);
        self.sealed(SESSION, &message, !coded)
    }

    fn sealed(&mut self, session_id: u32, message: &[u8], bare: bool) -> Option<Vec<u8>> {
        let step = if self.has(Quirk::SeqByTwo) { 2 } else { 1 };
        let first = self.outbound.wrapping_add(u32::from(self.has(Quirk::SeqOffByOne)));
        let mut number = first.wrapping_add(self.sent * step);
        if self.has(Quirk::EndianSeq) {
            number = number.swap_bytes();
        }
        self.sent += 1;
        let active = session_id == SESSION;
        let named = if active && self.has(Quirk::IdZero) { 0 } else { session_id };
        let protection = if bare {
            V15Protection::new(AuthType::None, &Secret::new(b"").unwrap()).unwrap()
        } else {
            self.protection()
        };
        let mut datagram = protection.seal(named, number, message)?;
        if active && !bare && self.has(Quirk::NoAuthCodeCheck) {
            datagram[13..29].fill(0);
        }
        Some(datagram)
    }
}

fn sessionless(request: &LanMessage, completion: u8, data: &[u8]) -> Option<Vec<u8>> {
    let answer = Response { completion: CompletionCode(completion), data: data.to_vec() };
    V15Packet::sessionless(&request.answer(&answer).to_bytes()).to_datagram()
}
