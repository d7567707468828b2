//! One active session.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_wire::Decode;
use ipmi_wire::Privilege;
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{PayloadType, SessionPacket, SolPacket, V15Packet, V20Header, V20Packet};

use super::responses::Responses;
use super::sol::Line;
use super::{inside, odd};
use crate::console::Agreed;
use crate::protection::{Cover, Protection};
use crate::quirk::{Quirk, Quirks};
use crate::secret::Digest;
use crate::sequence::{Numbers, Window, Windows, after};
use crate::v15::V15Protection;

/// An active session, as seen from the BMC.
#[derive(Debug)]
pub struct Active {
    /// Where the console is. A packet from anywhere else is not part of the session.
    pub peer: SocketAddr,
    /// The managed system's session ID.
    pub managed_session_id: u32,
    /// The console's session ID. IPMI v1.5 has one ID for both.
    pub console_session_id: u32,
    /// Session handle, 1 to 255: the short name in Get Session Info.
    pub handle: u8,
    /// Who.
    pub user_id: u8,
    /// How it is protected.
    pub agreed: Agreed,
    /// The privilege level in force.
    pub privilege: Privilege,
    /// The level that it may be raised to.
    pub limit: Privilege,
    pub(super) closing: bool,
    pub(super) last_heard: Instant,
    pub(super) guard: Guard,
    pub(super) responses: Responses,
    /// What software on the host says to its console.
    pub(super) forwarded: VecDeque<LanMessage>,
    /// Serial over LAN, if it is active in it.
    pub(super) line: Option<Box<Line>>,
}

/// What keeps others out. A packet of the other version is never part of the session.
#[derive(Debug)]
pub(super) enum Guard {
    V20(Box<V20Guard>),
    V15(Box<V15Guard>),
}

/// Of an RMCP+ session.
#[derive(Debug)]
pub(super) struct V20Guard {
    pub(super) protection: Protection,
    pub(super) inbound: Windows,
    pub(super) outbound: Numbers,
    /// What opened this session, and what it was answered, in case RAKP 4 was lost: RAKP 3's code,
    /// and RAKP 4's check value.
    pub(super) rakp3_code: Digest,
    pub(super) rakp4_check: Digest,
}

/// Of an IPMI v1.5 session.
#[derive(Debug)]
pub(super) struct V15Guard {
    pub(super) protection: V15Protection,
    pub(super) inbound: Window,
    pub(super) next_outbound: u32,
    /// The Activate Session that opened this session, and what it was answered, in case that was
    /// lost: the messages alone, for a packet may hold the password.
    pub(super) temporary_id: u32,
    pub(super) opened_by: Vec<u8>,
    pub(super) answer: Vec<u8>,
    pub(super) first_outbound: u32,
}

/// What is in a packet of a session.
#[derive(Debug)]
pub(super) enum Opened {
    Message {
        message: LanMessage,
        /// It was sent after all that came before.
        ahead: bool,
    },
    /// Of Serial over LAN, with the session's number of the packet around it.
    Sol(u32, SolPacket),
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

    /// Whether a packet names this session as its console does. Nothing is proven by that.
    pub(super) fn is_named(&self, from: SocketAddr, packet: &SessionPacket<'_>) -> bool {
        from == self.peer
            && matches!(
                (&self.guard, packet),
                (Guard::V20(_), SessionPacket::V20(_)) | (Guard::V15(_), SessionPacket::V15(_))
            )
    }

    /// What is in a packet that belongs here and is new; `None` to drop it.
    pub(super) fn open(
        &mut self,
        now: Instant,
        packet: &SessionPacket<'_>,
        quirks: Quirks,
    ) -> Option<Opened> {
        let opened = match (&mut self.guard, packet) {
            (Guard::V20(guard), SessionPacket::V20(packet)) => {
                guard.open(packet, self.line.as_ref().map(|line| line.cover), quirks)?
            }
            (Guard::V15(guard), SessionPacket::V15(packet)) => guard.open(packet, quirks)?,
            _ => return None,
        };
        self.last_heard = now;
        Some(opened)
    }

    pub(super) fn seal(
        &mut self,
        answer: &LanMessage,
        iv: [u8; 16],
        quirks: Quirks,
    ) -> Option<Vec<u8>> {
        if self.closing && quirks.has(Quirk::SilentClose) {
            return None;
        }
        let payload = odd::message(quirks, answer);
        match &mut self.guard {
            Guard::V20(guard) => guard.seal(self.console_session_id, &payload, iv, quirks),
            Guard::V15(guard) => guard.seal(self.managed_session_id, &payload, quirks),
        }
    }
}

impl V20Guard {
    /// `sol` is how packets of Serial over LAN are protected at least, if there may be any.
    fn open(
        &mut self,
        packet: &V20Packet<'_>,
        sol: Option<Cover>,
        quirks: Quirks,
    ) -> Option<Opened> {
        let V20Header { sequence, authenticated, payload_type, .. } = packet.header;
        let cover = match payload_type {
            PayloadType::Sol => sol?,
            _ => self.protection.full(),
        };
        let payload = self.protection.open_with(cover, packet).ok()?;
        let ahead = self.inbound.is_ahead(sequence, authenticated);
        // The window comes after the code: a forged number must not move it.
        let accepted = self.inbound.accept(sequence, authenticated);
        match payload_type {
            PayloadType::Sol if accepted => {
                Some(Opened::Sol(sequence, SolPacket::decode_exact(&payload).ok()?))
            }
            PayloadType::Ipmi if accepted || quirks.has(Quirk::AcceptsReplays) => {
                Some(Opened::Message { message: inside(&payload)?, ahead })
            }
            _ => None,
        }
    }

    fn seal(
        &mut self,
        session_id: u32,
        payload: &[u8],
        iv: [u8; 16],
        quirks: Quirks,
    ) -> Option<Vec<u8>> {
        let cover = self.protection.full();
        self.seal_as(PayloadType::Ipmi, cover, session_id, payload, iv, quirks)
    }

    pub(super) fn seal_as(
        &mut self,
        payload_type: PayloadType,
        cover: Cover,
        session_id: u32,
        payload: &[u8],
        iv: [u8; 16],
        quirks: Quirks,
    ) -> Option<Vec<u8>> {
        let authenticated = cover.authenticated && self.protection.authenticates();
        if quirks.has(Quirk::SeqByTwo) {
            self.outbound.next(authenticated);
        }
        let sequence = self.outbound.next(authenticated);
        let header = V20Header { session_id, sequence, ..V20Header::sessionless(payload_type) };
        self.protection.seal_with(cover, header, payload, iv)
    }
}

impl V15Guard {
    /// Every packet has to have its code: what is agreed for the session holds for each
    /// (IPMI v2.0 §6.12.11). What the code does not cover, as with a straight password, has no more
    /// than its number to tell it from a replay, and may not jump.
    fn open(&mut self, packet: &V15Packet<'_>, quirks: Quirks) -> Option<Opened> {
        let coded = self.protection.check(packet).is_ok();
        if !coded && !odd::needs_no_code(quirks, packet) {
            return None;
        }
        // Codes do not tell one direction from the other: a packet of ours that somebody sends back
        // has a right one, and its number must not move the window.
        let message = inside(packet.payload)?;
        let ahead = self.inbound.is_ahead(packet.sequence);
        let proven = coded && self.protection.authenticates();
        let accepted = self.inbound.accept(packet.sequence, proven);
        if !accepted && !quirks.has(Quirk::AcceptsReplays) {
            return None;
        }
        Some(Opened::Message { message, ahead })
    }

    fn seal(&mut self, session_id: u32, payload: &[u8], quirks: Quirks) -> Option<Vec<u8>> {
        let step = if quirks.has(Quirk::SeqByTwo) { 2 } else { 1 };
        let sequence = self.next_outbound;
        self.next_outbound = after(sequence, step);
        let session_id = if quirks.has(Quirk::IdZero) { 0 } else { session_id };
        odd::seal_v15(quirks, &self.protection, session_id, sequence, payload)
    }

    /// The same answer again for a console that lost it.
    pub(super) fn repeat(&self, packet: &V15Packet<'_>, quirks: Quirks) -> Option<Vec<u8>> {
        self.protection.check(packet).ok()?;
        if packet.payload != self.opened_by {
            return None;
        }
        let (id, number) = (self.temporary_id, self.first_outbound);
        odd::seal_v15(quirks, &self.protection, id, number, &self.answer)
    }
}
