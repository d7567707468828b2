//! Who is there when Open Session stays silent.
//!
//! "No answer" has causes that are mended in different places: a firewall, a controller of IPMI v1.5, one
//! whose RMCP+ is switched off. Older ways of asking tell them apart, and none of them needs a session.
//! They are used after three copies of Open Session only, and twice: a login that works asks for nothing
//! that it does not need, a slow BMC is not pressed further, and a network full of dead hosts is not
//! flooded. What comes back is not authenticated: it changes what is told, and "IPMI v1.5 only" ends
//! a login early to a BMC that has not answered Open Session three times.

use core::fmt;

use ipmi_wire::cmd::app::{
    ChannelAuthenticationCapabilities, GetChannelAuthenticationCapabilities,
};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::rmcp::{AsfMessage, RmcpClass, RmcpHeader};
use ipmi_wire::session::V15Packet;
use ipmi_wire::{Channel, CompletionCode, Decode, Encode, Reader, Request};

use super::Core;
use super::shared::is_answer;

/// What is at an address where nobody answers Open Session. The more is known, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presence {
    /// It answers RMCP's presence ping; it says whether it speaks IPMI.
    Rmcp {
        /// Whether it says so.
        ipmi: bool,
    },
    /// It speaks IPMI, and refuses to say which: it may be starting.
    Ipmi,
    /// It says that it has RMCP+.
    Ipmi20,
    /// It speaks IPMI v1.5, and says that it has no RMCP+.
    Ipmi15Only,
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rmcp { ipmi: true } => "something there answers RMCP ping and says it has IPMI",
            Self::Rmcp { ipmi: false } => {
                "something there answers RMCP ping and says it has no IPMI"
            }
            Self::Ipmi => "the BMC answers Get Channel Authentication Capabilities with a refusal",
            Self::Ipmi20 => "the BMC answers Get Channel Authentication Capabilities, with RMCP+",
            Self::Ipmi15Only => {
                "the BMC answers Get Channel Authentication Capabilities, without RMCP+: it has \
                 IPMI 1.5 only"
            }
        })
    }
}

/// Copies of Open Session after which others are asked.
pub(super) const AFTER: u32 = 3;

/// How often they are.
const TIMES: u32 = 2;

/// The questions, and what came of them.
#[derive(Debug)]
pub(super) struct Witness {
    tag: u8,
    message: LanMessage,
    asked: u32,
    seen: Option<Presence>,
}

impl Witness {
    /// Questions of `tag`'s own number.
    pub(super) fn new(core: &Core, tag: u8) -> Self {
        let request = GetChannelAuthenticationCapabilities {
            channel: Channel::PRESENT,
            ipmi20: true,
            privilege: core.config.privilege,
        };
        let message = LanMessage::request(tag, &Request::of(&request));
        Self { tag, message, asked: 0, seen: None }
    }

    /// Asks, unless it is known or was asked often enough.
    pub(super) fn ask(&mut self, core: &mut Core) {
        if self.seen >= Some(Presence::Ipmi20) || self.asked >= TIMES {
            return;
        }
        self.asked = self.asked.saturating_add(1);
        if let Some(datagram) = V15Packet::sessionless(&self.message.to_bytes()).to_datagram() {
            core.transmit(datagram);
        }
        let mut ping = RmcpHeader { class: RmcpClass::Asf, ..RmcpHeader::IPMI }.to_bytes();
        AsfMessage::Ping { tag: self.tag }.encode(&mut ping);
        core.transmit(ping);
    }

    /// What is known.
    pub(super) const fn seen(&self) -> Option<Presence> {
        self.seen
    }

    /// Takes in a pong; whether it was one to the ping.
    pub(super) fn pong(&mut self, datagram: &[u8]) -> bool {
        let mut r = Reader::new(datagram);
        let Ok(RmcpHeader { ack: false, class: RmcpClass::Asf, .. }) = RmcpHeader::decode(&mut r)
        else {
            return false;
        };
        match AsfMessage::decode(&mut r) {
            Ok(AsfMessage::Pong { tag, ipmi, .. }) if tag == self.tag => {
                self.learn(Presence::Rmcp { ipmi });
                true
            }
            _ => false,
        }
    }

    /// Takes in what may be the answer to the question of IPMI v1.5; whether it was.
    pub(super) fn answer(&mut self, core: &mut Core, packet: &V15Packet<'_>) -> bool {
        let Ok(message) = core.decode(packet.payload, false) else { return false };
        let Some(response) = message.to_response().filter(|_| is_answer(&message, &self.message))
        else {
            return false;
        };
        let decoded = ChannelAuthenticationCapabilities::decode(&mut Reader::new(&response.data));
        self.learn(match (response.completion, decoded) {
            (CompletionCode::OK, Ok(answer)) if answer.extended && answer.supports_ipmi20 => {
                Presence::Ipmi20
            }
            (CompletionCode::OK, Ok(_)) => Presence::Ipmi15Only,
            // A controller of IPMI v1.5 may refuse the bit that asks for more (IPMI v2.0 §22.13).
            (CompletionCode::INVALID_DATA_FIELD | CompletionCode::DATA_LENGTH_INVALID, _) => {
                Presence::Ipmi15Only
            }
            // Busy, or anything else: that proves no more than that somebody is there.
            _ => Presence::Ipmi,
        });
        true
    }

    fn learn(&mut self, presence: Presence) {
        self.seen = self.seen.max(Some(presence));
    }
}
