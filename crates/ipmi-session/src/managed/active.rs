//! One active session.

use std::net::SocketAddr;
use std::time::Instant;

use ipmi_wire::Privilege;
use ipmi_wire::session::{CipherSuite, PayloadType, V20Header, V20Packet};

use crate::protection::Protection;
use crate::secret::Digest;
use crate::sequence::Window;

/// An active session, as seen from the BMC.
#[derive(Debug)]
pub struct Active {
    /// Where the console is. A packet from anywhere else is not part of the session.
    pub peer: SocketAddr,
    /// The managed system's session ID.
    pub managed_session_id: u32,
    /// The console's session ID.
    pub console_session_id: u32,
    /// Session handle, 1 to 255: the short name in Get Session Info.
    pub handle: u8,
    /// Who.
    pub user_id: u8,
    /// How it is protected.
    pub suite: CipherSuite,
    /// The privilege level in force.
    pub privilege: Privilege,
    /// The level that it may be raised to.
    pub limit: Privilege,
    pub(super) closing: bool,
    pub(super) last_heard: Instant,
    pub(super) protection: Protection,
    pub(super) inbound: Window,
    pub(super) next_outbound: u32,
    /// What opened this session, and what it was answered, in case RAKP 4 was lost.
    pub(super) opened_by: OpenedBy,
}

/// RAKP 3's code, and RAKP 4's check value.
#[derive(Debug)]
pub(super) struct OpenedBy {
    pub(super) auth_code: Digest,
    pub(super) integrity_check: Digest,
}

impl Active {
    /// Marks the session to be closed once its Close Session is answered.
    pub const fn close_after_answer(&mut self) {
        self.closing = true;
    }

    /// Whether the session waits to be closed.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.closing
    }

    /// The payload of a packet that belongs here and is new; `None` to drop it.
    pub(super) fn open(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &V20Packet<'_>,
    ) -> Option<Vec<u8>> {
        if from != self.peer {
            return None;
        }
        let payload = self.protection.open(packet).ok()?;
        // The window comes after the code: a forged number must not move it.
        if !self.inbound.accept(packet.header.sequence, self.protection.authenticates()) {
            return None;
        }
        self.last_heard = now;
        Some(payload)
    }

    pub(super) fn seal(
        &mut self,
        payload_type: PayloadType,
        payload: &[u8],
        iv: [u8; 16],
    ) -> Option<Vec<u8>> {
        let header = V20Header {
            session_id: self.console_session_id,
            sequence: self.next_outbound,
            ..V20Header::sessionless(payload_type)
        };
        // Number 0 is not used inside a session (§6.12.13).
        self.next_outbound = self.next_outbound.checked_add(1).unwrap_or(1);
        self.protection.seal(header, payload, iv)
    }
}
