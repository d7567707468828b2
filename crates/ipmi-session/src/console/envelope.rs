//! What an established session puts around its messages, in either version of IPMI.

use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AuthType, PayloadType, SessionPacket, SolPacket, V15Packet, V20Header, V20Packet,
};
use ipmi_wire::{Decode, Encode};

use crate::entropy::Entropy;
use crate::protection::{Cover, OpenError, Protection};
use crate::quirk::Quirk;
use crate::sequence::{Numbers, Window, Windows};
use crate::v15::V15Protection;

/// What is around a message.
#[derive(Debug)]
pub(super) enum Envelope {
    /// RMCP+.
    V20(Box<V20Envelope>),
    /// IPMI v1.5.
    V15(V15Envelope),
}

/// What came out of a packet.
#[derive(Debug)]
pub(super) enum Opened {
    /// A message.
    Message {
        payload: Vec<u8>,
        /// An integrity code vouches for every byte of it.
        proven: bool,
    },
    /// A packet of Serial over LAN, and the session's number of the packet around it.
    Sol(u32, SolPacket),
    /// The packet names this session, and its code is wrong. What is in it, if that can be read.
    WrongCode(Option<Vec<u8>>),
    /// Somebody else's, or one that came before.
    Foreign,
}

impl Envelope {
    /// The BMC's name for the session.
    pub(super) const fn session_id(&self) -> u32 {
        match self {
            Self::V20(v20) => v20.managed_session_id,
            Self::V15(v15) => v15.session_id,
        }
    }

    /// A datagram with a message in it, under a number that was not used before.
    pub(super) fn seal(&mut self, message: &[u8], entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        match self {
            Self::V20(v20) => v20.seal(message, entropy),
            Self::V15(v15) => v15.seal(message),
        }
    }

    /// As [`seal`](Self::seal), with a packet of Serial over LAN in it. `None` in IPMI v1.5, which
    /// has no such thing.
    pub(super) fn seal_sol(
        &mut self,
        cover: Cover,
        packet: &SolPacket,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        match self {
            Self::V20(v20) => v20.seal_as(PayloadType::Sol, cover, &packet.to_bytes(), entropy),
            Self::V15(_) => None,
        }
    }

    /// Takes packets of Serial over LAN from now on, with this protection at least; or none.
    pub(super) const fn expect_sol(&mut self, cover: Option<Cover>) {
        if let Self::V20(v20) = self {
            v20.sol = cover;
        }
    }

    /// What is in a packet. `notice` is told of departures from the specification.
    pub(super) fn open(
        &mut self,
        packet: &SessionPacket<'_>,
        notice: &mut dyn FnMut(Quirk),
    ) -> Opened {
        match (self, packet) {
            (Self::V20(v20), SessionPacket::V20(packet)) => v20.open(packet, notice),
            (Self::V15(v15), SessionPacket::V15(packet)) => v15.open(packet, notice),
            _ => Opened::Foreign,
        }
    }

    /// The last packet is not answered: if there is more than one way to write it, the next one is
    /// written in another.
    pub(super) const fn doubt(&mut self) {
        if let Self::V15(v15) = self {
            v15.doubt();
        }
    }

    /// The message that was sent in one packet and no other is answered.
    pub(super) const fn trust(&mut self) {
        if let Self::V15(v15) = self {
            v15.trust();
        }
    }

    /// Whether the BMC may not understand what is sent next.
    pub(super) const fn is_doubtful(&self) -> bool {
        match self {
            Self::V20(_) => false,
            Self::V15(v15) => v15.forms() > 1 && !v15.trusted,
        }
    }
}

/// Of RMCP+.
#[derive(Debug)]
pub(super) struct V20Envelope {
    console_session_id: u32,
    managed_session_id: u32,
    protection: Protection,
    /// Of packets of the kind that was agreed: the others are dropped before anything is made of
    /// their number.
    inbound: Windows,
    steps: Steps,
    outbound: Numbers,
    /// How packets of Serial over LAN are to be protected at least, while they are taken.
    sol: Option<Cover>,
}

impl V20Envelope {
    pub(super) fn new(
        console_session_id: u32,
        managed_session_id: u32,
        protection: Protection,
    ) -> Self {
        let (inbound, steps) = (Windows::default(), Steps::default());
        Self {
            console_session_id,
            managed_session_id,
            protection,
            inbound,
            steps,
            outbound: Numbers::default(),
            sol: None,
        }
    }

    fn seal(&mut self, message: &[u8], entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        self.seal_as(PayloadType::Ipmi, self.protection.full(), message, entropy)
    }

    fn seal_as(
        &mut self,
        payload_type: PayloadType,
        cover: Cover,
        payload: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let mut iv = [0; 16];
        entropy.fill(&mut iv);
        let authenticated = cover.authenticated && self.protection.authenticates();
        let header = V20Header {
            session_id: self.managed_session_id,
            sequence: self.outbound.next(authenticated),
            ..V20Header::sessionless(payload_type)
        };
        self.protection.seal_with(cover, header, payload, iv)
    }

    fn open(&mut self, packet: &V20Packet<'_>, notice: &mut dyn FnMut(Quirk)) -> Opened {
        let cover = match packet.header.payload_type {
            PayloadType::Ipmi => Some(self.protection.full()),
            PayloadType::Sol => self.sol,
            _ => None,
        };
        let Some(cover) = cover.filter(|_| packet.header.session_id == self.console_session_id)
        else {
            return Opened::Foreign;
        };
        let is_sol = packet.header.payload_type == PayloadType::Sol;
        let payload = match self.protection.open_with(cover, packet) {
            Ok(payload) => payload,
            Err(OpenError::WrongCode) if !is_sol => {
                return Opened::WrongCode(
                    (!packet.header.encrypted).then(|| packet.payload.to_vec()),
                );
            }
            Err(_) => return Opened::Foreign,
        };
        // The window comes after the code: a forged number must not move it.
        let proven = self.protection.authenticates();
        if !self.inbound.accept(packet.header.sequence, packet.header.authenticated) {
            return Opened::Foreign;
        }
        if self.steps.are_two(packet.header.sequence) {
            notice(Quirk::SeqByTwo);
        }
        if is_sol {
            return match SolPacket::decode_exact(&payload) {
                Ok(sol) => Opened::Sol(packet.header.sequence, sol),
                Err(_) => Opened::Foreign,
            };
        }
        Opened::Message { payload, proven }
    }
}

/// Of IPMI v1.5.
#[derive(Debug)]
pub(super) struct V15Envelope {
    session_id: u32,
    protection: V15Protection,
    /// For packets without a code, where the BMC has said, in a packet with one, that it does
    /// without (IPMI v2.0 §22.17, byte 2 of the answer).
    bare: Option<V15Protection>,
    /// The first number that the BMC was given.
    first_inbound: u32,
    inbound: Window,
    steps: Steps,
    /// Whether the BMC's numbers have their bytes in reverse; `None` until that is clear.
    reversed: Option<bool>,
    /// The first number that the BMC gave, and how many were used since.
    first_outbound: u32,
    sent: u32,
    /// Which of [`forms`](Self::forms) the next packet has.
    form: u8,
    trusted: bool,
}

/// How the session's numbers are written into packets to the BMC: as they are; in reverse, counted
/// as the BMC does that reads them in reverse; in reverse, counted as they are. FreeIPMI gets along
/// with the first even where the BMC's own are reversed (`ipmi-lan-session-common.c` reverses what
/// it receives only), so that is tried first.
const NUMBERINGS: u8 = 3;

impl V15Envelope {
    /// `first_inbound` is what the BMC was given for its first packet, `first_outbound` what it gave.
    pub(super) fn new(
        session_id: u32,
        protection: V15Protection,
        bare: Option<V15Protection>,
        first_inbound: u32,
        first_outbound: u32,
        reversed: Option<bool>,
    ) -> Self {
        Self {
            session_id,
            protection,
            bare,
            first_inbound,
            inbound: Window::new(),
            steps: Steps::default(),
            reversed,
            first_outbound,
            sent: 0,
            form: 0,
            trusted: false,
        }
    }

    const fn forms(&self) -> u8 {
        let numberings = if matches!(self.reversed, Some(true)) { NUMBERINGS } else { 1 };
        if self.bare.is_some() { numberings * 2 } else { numberings }
    }

    const fn doubt(&mut self) {
        if !self.trusted {
            self.form = (self.form + 1) % self.forms();
        }
    }

    const fn trust(&mut self) {
        // The first number reads the same, however it is counted.
        if self.sent > 1 {
            self.trusted = true;
        }
    }

    fn seal(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let (form, bare) = match &self.bare {
            Some(bare) => (self.form / 2, (self.form % 2 == 1).then_some(bare)),
            None => (self.form, None),
        };
        let number = loop {
            let count = self.sent;
            self.sent = count.wrapping_add(1);
            let number = match form % NUMBERINGS {
                0 => self.first_outbound.wrapping_add(count),
                1 => self.first_outbound.swap_bytes().wrapping_add(count).swap_bytes(),
                _ => self.first_outbound.wrapping_add(count).swap_bytes(),
            };
            // Number 0 is not used inside a session (IPMI v2.0 §6.12.13).
            if number != 0 {
                break number;
            }
        };
        bare.unwrap_or(&self.protection).seal(self.session_id, number, message)
    }

    fn open(&mut self, packet: &V15Packet<'_>, notice: &mut dyn FnMut(Quirk)) -> Opened {
        // A session ID of 0 after activation: Tyan S2882 (`research/freeipmi.md` §4.1).
        let nameless = packet.session_id == 0;
        if packet.sequence == 0 || !(nameless || packet.session_id == self.session_id) {
            return Opened::Foreign;
        }
        let ours = V15Packet { session_id: self.session_id, ..*packet };
        let own = self.protection.check(&ours).is_ok();
        let coded = own || self.protection.check(packet).is_ok();
        let bare = || self.bare.as_ref().is_some_and(|bare| bare.check(packet).is_ok());
        if !coded && !bare() {
            return Opened::WrongCode(Some(packet.payload.to_vec()));
        }
        // Key and session ID are the same in both directions: our own packet, sent back to us, has a
        // right code, and must not move the window.
        if !LanMessage::decode_unverified(packet.payload).is_ok_and(|m| m.is_response()) {
            return Opened::Foreign;
        }
        let proven = coded && self.protection.authenticates();
        let number = self.relative(packet.sequence);
        // A code over session ID 0 fits any session with this password: such a packet is held to the
        // window, whose first number nobody else was given.
        if !self.inbound.accept(number, proven && own) {
            return Opened::Foreign;
        }
        if self.reversed == Some(true) {
            notice(Quirk::EndianSeq);
        }
        if nameless {
            notice(Quirk::IdZero);
        }
        if coded && self.bare.is_some() {
            notice(Quirk::UnexpectedAuth);
        }
        if self.steps.are_two(number) {
            notice(Quirk::SeqByTwo);
        }
        Opened::Message { payload: packet.payload.to_vec(), proven }
    }

    /// The BMC's number, counted from 1. While it is not clear yet, a number that is close to what is
    /// expected only if it is read in reverse settles that all are to be.
    fn relative(&mut self, sequence: u32) -> u32 {
        let from = |first: u32, number: u32| number.wrapping_sub(first).wrapping_add(1);
        let close = |number: u32| (1..=16).contains(&number);
        let plain = from(self.first_inbound, sequence);
        let reversed = from(self.first_inbound, sequence.swap_bytes());
        let counted_so = from(self.first_inbound.swap_bytes(), sequence.swap_bytes());
        match self.reversed {
            Some(false) => plain,
            // The BMC may have read its first number in reverse, too.
            Some(true) if !close(reversed) && close(counted_so) => {
                self.first_inbound = self.first_inbound.swap_bytes();
                counted_so
            }
            Some(true) => reversed,
            None if close(plain) => {
                // The first number may be read either way, the others not.
                if plain > 1 {
                    self.reversed = Some(false);
                }
                plain
            }
            None if close(reversed) || close(counted_so) => {
                self.reversed = Some(true);
                self.relative(sequence)
            }
            None => plain,
        }
    }
}

/// Whether numbers go up by two.
#[derive(Debug, Default)]
struct Steps {
    last: u32,
    by_two: u32,
}

impl Steps {
    /// So many in a row are no losses.
    const ENOUGH: u32 = 4;

    const fn are_two(&mut self, number: u32) -> bool {
        let by_two = number.wrapping_sub(self.last) == 2;
        self.last = number;
        self.by_two = if by_two { self.by_two.saturating_add(1) } else { 0 };
        self.by_two >= Self::ENOUGH
    }
}

/// The protection that goes without a code.
pub(super) fn bare(password: &crate::secret::Secret) -> Option<V15Protection> {
    V15Protection::new(AuthType::None, password)
}
