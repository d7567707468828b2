//! A console of suite 0, which needs no codes, as free with rqSeq as a console can be.

use std::net::SocketAddr;

use ipmi_bmc::{LanPolicy, Reply};
use ipmi_wire::cmd::app::SetSessionPrivilegeLevel;
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AlgorithmProposal, CipherSuite, OpenSessionRequest, OpenSessionResponse, PayloadType, Rakp1,
    Rakp3, RmcpPlusStatus, SessionPacket, Username, V20Header,
};
use ipmi_wire::{Command, Decode, Encode, Privilege, Request, Response};

use super::{Counting, Machine};

/// The console, logged in.
pub(crate) struct Console {
    pub(crate) from: SocketAddr,
    pub(crate) session_id: u32,
    pub(crate) sequence: u32,
    pub(crate) entropy: Counting,
}

pub(crate) fn suite_0() -> Machine {
    let suites = vec![(CipherSuite(0), Privilege::Administrator)];
    Machine::with_lan(LanPolicy { suites, ..LanPolicy::default() })
}

impl Console {
    pub(crate) fn login(machine: &mut Machine, from: SocketAddr, seed: u8) -> Self {
        let mut console = Self { from, session_id: 0, sequence: 1, entropy: Counting(seed) };
        let open = OpenSessionRequest {
            tag: 0,
            max_privilege: None,
            console_session_id: 0xa0a2_a3a4,
            authentication: AlgorithmProposal::Any,
            integrity: AlgorithmProposal::Any,
            confidentiality: AlgorithmProposal::Any,
        };
        let reply = console.step(machine, PayloadType::OpenSessionRequest, &open);
        let opened = OpenSessionResponse::decode_exact(&payload(&reply)).unwrap();
        let managed_session_id = opened.accepted.unwrap().managed_session_id;
        let rakp1 = Rakp1 {
            tag: 1,
            managed_session_id,
            console_random: [1; 16],
            role_byte: Rakp1::NAME_ONLY_LOOKUP | 4,
            username: Username::new(b"admin").unwrap(),
        };
        console.step(machine, PayloadType::Rakp1, &rakp1);
        let (status, auth_code) = (RmcpPlusStatus::NO_ERRORS, Vec::new());
        let rakp3 = Rakp3 { tag: 2, status, managed_session_id, auth_code };
        console.step(machine, PayloadType::Rakp3, &rakp3);
        console.session_id = managed_session_id;
        let level = Some(Privilege::Administrator);
        assert!(
            console
                .ask(machine, 0, &SetSessionPrivilegeLevel { level })
                .unwrap()
                .completion
                .is_ok()
        );
        console
    }

    pub(crate) fn step(
        &mut self,
        machine: &mut Machine,
        kind: PayloadType,
        message: &impl Encode,
    ) -> Vec<u8> {
        let datagram = V20Header::sessionless(kind).to_datagram(&message.to_bytes()).unwrap();
        machine.bmc.handle_datagram(machine.now, self.from, &datagram, &mut self.entropy).unwrap()
    }

    pub(crate) fn receive<C: Command>(
        &mut self,
        machine: &mut Machine,
        rq_seq: u8,
        command: &C,
    ) -> Option<Reply> {
        self.send(machine, &LanMessage::request(rq_seq, &Request::of(command)))
    }

    /// Sends a message, whatever it is.
    pub(crate) fn send(&mut self, machine: &mut Machine, message: &LanMessage) -> Option<Reply> {
        let (session_id, sequence) = (self.session_id, self.sequence);
        self.sequence += 1;
        let header =
            V20Header { session_id, sequence, ..V20Header::sessionless(PayloadType::Ipmi) };
        let datagram = header.to_datagram(&message.to_bytes()).unwrap();
        machine.bmc.receive(machine.now, self.from, &datagram, &mut self.entropy)
    }

    /// Asks; the answer, brought to the store first if it has to be.
    pub(crate) fn ask<C: Command>(
        &mut self,
        machine: &mut Machine,
        rq_seq: u8,
        command: &C,
    ) -> Option<Response> {
        let reply = match self.receive(machine, rq_seq, command)? {
            Reply::Now(reply) => reply,
            Reply::Held(held) => {
                machine.keep();
                machine.bmc.release(held, Ok(()), &mut self.entropy)?
            }
        };
        Some(answer(&reply))
    }
}

pub(crate) fn payload(datagram: &[u8]) -> Vec<u8> {
    match SessionPacket::decode_datagram(datagram).unwrap() {
        Some(SessionPacket::V20(packet)) => packet.payload.to_vec(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn answer(datagram: &[u8]) -> Response {
    LanMessage::decode_exact(&payload(datagram)).unwrap().to_response().unwrap()
}
