//! Software on the host and remote consoles, which speak to each other through the BMC. IPMI v2.0
//! §6.13.
//!
//! A console's request to LUN 10b, or one in a Send Message to the system interface, waits in the
//! receive message queue and is not answered by us. Software answers it with Send Message, whenever
//! it likes, and may ask a console itself: the console's answer comes to LUN 10b.

use std::net::SocketAddr;
use std::time::Instant;

use ipmi_session::Entropy;
use ipmi_wire::cmd::app::{ReceivedMessage, SendMessage};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::software::SessionMessage;
use ipmi_wire::{CompletionCode, Privilege};

use super::Bmc;
use crate::dispatch::Outcome;

impl Bmc {
    /// Takes in a message of a session for software.
    ///
    /// # Errors
    /// Why software will not see it. D4h for a session that may not even read.
    pub(crate) fn pass_on(&mut self, session_id: u32, message: &LanMessage) -> Outcome<()> {
        let session = self.sessions.get(session_id).ok_or(CompletionCode::NOT_PRESENT)?;
        if session.privilege < Privilege::User {
            return Err(CompletionCode::INSUFFICIENT_PRIVILEGE);
        }
        let message = SessionMessage { handle: session.handle, message: message.clone() };
        let received = ReceivedMessage::in_session(Self::LAN_CHANNEL, session.privilege, &message);
        self.messages.queue.put(session_id, received)
    }

    /// Forgets messages for software that came in sessions which have ended since: nobody waits for an
    /// answer, and the handle by which software would send one may be another console's by now.
    pub(crate) fn forget_orphans(&mut self) {
        let Self { messages, sessions, .. } = self;
        messages.queue.keep(|session_id| sessions.get(session_id).is_some());
    }

    /// Takes a message of software for a console.
    ///
    /// # Errors
    /// 80h if there is no session of this handle. D3h if the console does not want it: it has given up
    /// what this is the answer to, or does not come to hear what was sent before.
    pub(crate) fn send_in_session(&mut self, message: SessionMessage) -> Outcome<()> {
        let SessionMessage { handle, message } = message;
        let session = self.sessions.iter().find(|session| session.handle == handle);
        let session_id =
            session.map(|s| s.managed_session_id).ok_or(SendMessage::INVALID_SESSION)?;
        match self.sessions.forward(session_id, message) {
            true => Ok(()),
            false => Err(CompletionCode::DESTINATION_UNAVAILABLE),
        }
    }

    /// The next datagram that no console has just asked for, and where it goes: Serial over LAN, and
    /// what software on the host says. To be asked for after each [`receive`](Self::receive),
    /// [`handle_request`](Self::handle_request) and [`handle_timeout`](Self::handle_timeout), and
    /// when the serial port has something to tell, until there is none.
    pub fn poll_outgoing(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Option<(SocketAddr, Vec<u8>)> {
        if !self.has_mains || self.is_resetting(now) {
            return None;
        }
        while let Some((peer, datagram)) = self.sessions.poll_forwarded(entropy) {
            if let Some(datagram) = self.send_unasked(now, peer, datagram, entropy) {
                return Some((peer, datagram));
            }
        }
        self.poll_sol(now, entropy)
    }
}
