//! Bridging: requests to a controller behind the BMC, and how their answers come back.
//!
//! ```text
//!  console ── LAN ── BMC 20h ── channel ── target              Send Message [request]
//!  console ── LAN ── BMC 20h ── channel ── transit ── channel ── target
//!                                                Send Message [Send Message [request]]
//! ```
//!
//! The BMC keeps track: it answers Send Message as soon as the message is on the bus, and passes the
//! target's answer on when that comes, under the number of the request. Some wait for it instead, and
//! put the whole message into their answer to Send Message.
//!
//! Source: IPMI v2.0 §6.13, §22.7. The details are those of ipmitool 1.8.19 (`lanplus.c`, `lan.c`),
//! FreeIPMI 1.6.10 (`ipmi-lan-session-common.c`) and OpenIPMI's `ipmi_sim`.

use core::fmt;

use crate::cmd::app::SendMessage;
use crate::codec::{Decode, Encode};
use crate::command::{Command, Request, Response};
use crate::completion::CompletionCode;
use crate::lan::{BMC_ADDRESS, LanMessage, REMOTE_CONSOLE_ADDRESS};
use crate::privilege::Channel;

/// A controller on a bus that another one leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hop {
    /// The channel of the one before that leads there.
    pub channel: Channel,
    /// Slave address.
    pub address: u8,
}

/// The way to a controller behind the BMC. IPMI v2.0 §6.13.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route {
    /// Who is meant.
    pub target: Hop,
    /// A controller between the BMC and the target. It is given a Send Message of its own.
    pub transit: Option<Hop>,
    /// Whom the innermost message names as its sender; `None` for what ipmitool names over RMCP+:
    /// the remote console's software ID, or the BMC's address behind a transit.
    pub local_address: Option<u8>,
}

/// What tells a request from others: its number, network function and command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// `rqSeq`, 6 bits. The same in every message around it.
    pub sequence: u8,
    /// Network function of the request.
    pub netfn: u8,
    /// Command.
    pub cmd: u8,
}

/// What a message says of a request that was bridged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// So many controllers have passed it on, in all; the answer is still to come.
    PassedOn(u8),
    /// A controller has not passed it on.
    Refused {
        /// Its slave address.
        by: u8,
        /// Why.
        completion: CompletionCode,
    },
    /// The target's answer.
    Answer(Response),
}

impl Hop {
    /// A controller at this address of the primary IPMB.
    #[must_use]
    pub const fn ipmb(address: u8) -> Self {
        Self { channel: Channel::PRIMARY_IPMB, address }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}h", self.address)?;
        match self.channel {
            Channel::PRIMARY_IPMB => Ok(()),
            channel => write!(f, " on channel {}", channel.number()),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)?;
        match self.transit {
            None => Ok(()),
            Some(transit) => write!(f, " behind {transit}"),
        }
    }
}

impl Route {
    /// The way to a controller that the BMC itself reaches.
    #[must_use]
    pub const fn to(target: Hop) -> Self {
        Self { target, transit: None, local_address: None }
    }

    /// How many controllers pass a request on.
    #[must_use]
    pub const fn layers(&self) -> u8 {
        if self.transit.is_some() { 2 } else { 1 }
    }

    /// A request in all that it takes to get there, for the BMC.
    #[must_use]
    pub fn wrap(&self, sequence: u8, request: &Request) -> LanMessage {
        let usual = if self.transit.is_some() { BMC_ADDRESS } else { REMOTE_CONSOLE_ADDRESS };
        let mut message = LanMessage {
            to_address: self.target.address,
            from_address: self.local_address.unwrap_or(usual),
            ..LanMessage::request(sequence, request)
        };
        let mut channel = self.target.channel;
        if let Some(transit) = self.transit {
            let to_address = transit.address;
            message = LanMessage { to_address, ..envelope(sequence, channel, &message) };
            channel = transit.channel;
        }
        envelope(sequence, channel, &message)
    }

    /// What `message` says of the request `asked`, that `passed` controllers have passed on so far;
    /// `None` if it is about something else.
    ///
    /// The checksums of a message inside another count unless `vouched` for: see
    /// [`LanMessage::decode_unverified`].
    #[must_use]
    pub fn read(
        &self,
        asked: Asked,
        passed: u8,
        message: &LanMessage,
        vouched: bool,
    ) -> Option<Forwarded> {
        if message.sequence != asked.sequence {
            return None;
        }
        let (mut passed, mut message) = (passed, message.clone());
        // No deeper than there are messages around the answer.
        for _ in 0..=self.layers() {
            let response = message.to_response()?;
            if message.netfn == asked.netfn | 1 && message.cmd == asked.cmd {
                return Some(Forwarded::Answer(response));
            }
            if !is_sent_message(&message) {
                return None;
            }
            if !response.completion.is_ok() {
                let by = if passed == 0 { BMC_ADDRESS } else { self.last_but(passed) };
                return Some(Forwarded::Refused { by, completion: response.completion });
            }
            passed = passed.saturating_add(1).min(self.layers());
            // Its number need not be the one outside: ipmitool's `lan.c` takes any.
            let inner = match LanMessage::decode_exact(&response.data) {
                Err(_) if vouched => LanMessage::decode_unverified(&response.data),
                decoded => decoded,
            };
            match inner {
                Ok(inner) if self.is_about(asked, &inner) => message = inner,
                _ => return Some(Forwarded::PassedOn(passed)),
            }
        }
        None
    }

    /// Whose word it is after so many have passed the request on.
    const fn last_but(&self, passed: u8) -> u8 {
        match self.transit {
            Some(transit) if passed > 0 => transit.address,
            _ => BMC_ADDRESS,
        }
    }

    fn is_about(&self, asked: Asked, inner: &LanMessage) -> bool {
        (inner.netfn == asked.netfn | 1 && inner.cmd == asked.cmd)
            || (self.transit.is_some() && is_sent_message(inner))
    }
}

impl SendMessage {
    /// Of [`tracking`](Self::tracking): nobody keeps track of the answer.
    pub const UNTRACKED: u8 = 0;
    /// Of [`tracking`](Self::tracking): the controller keeps track of the answer.
    pub const TRACKED: u8 = 1;

    /// `message`, to be sent on `channel`, with the answer kept track of.
    #[must_use]
    pub fn tracked(channel: Channel, message: &LanMessage) -> Self {
        let data = message.to_bytes();
        Self { channel, authenticated: false, encrypted: false, tracking: Self::TRACKED, data }
    }
}

fn envelope(sequence: u8, channel: Channel, message: &LanMessage) -> LanMessage {
    LanMessage::request(sequence, &Request::of(&SendMessage::tracked(channel, message)))
}

/// Whether this is an answer to Send Message.
fn is_sent_message(message: &LanMessage) -> bool {
    message.netfn == SendMessage::ID.netfn.number() | 1 && message.cmd == SendMessage::ID.cmd
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::netfn::NetFn;

    const ASKED: Asked = Asked { sequence: 6, netfn: 0x06, cmd: 0x01 };

    fn get_device_id() -> Request {
        Request { netfn: NetFn::App, lun: 0, cmd: 0x01, data: vec![] }
    }

    fn single() -> Route {
        Route::to(Hop::ipmb(0x30))
    }

    fn double() -> Route {
        Route {
            target: Hop { channel: Channel::new(7), address: 0x82 },
            transit: Some(Hop { channel: Channel::new(6), address: 0x2c }),
            local_address: Some(0x81),
        }
    }

    /// What the BMC says under number 6.
    fn said(netfn: u8, cmd: u8, from: u8, data: &[u8]) -> LanMessage {
        LanMessage {
            to_address: 0x81,
            netfn,
            to_lun: 0,
            from_address: from,
            sequence: 6,
            from_lun: 0,
            cmd,
            data: data.to_vec(),
        }
    }

    #[test]
    fn one_controller_behind_the_bmc_is_asked_as_ipmitool_does() {
        // What ipmi_sim logs of `ipmitool -I lanplus -t 0x30 raw 6 1`: number 6, inside and outside.
        let message = single().wrap(6, &get_device_id());
        assert_eq!((message.to_address, message.netfn, message.cmd), (0x20, 0x06, 0x34));
        assert_eq!(message.data, [0x40, 0x30, 0x18, 0xb8, 0x81, 0x18, 0x01, 0x66]);
        assert_eq!(message.sequence, 6);
    }

    #[test]
    fn a_transit_gets_a_message_of_its_own() {
        let message = double().wrap(6, &get_device_id());
        let outer = SendMessage::decode_exact(&message.data).unwrap();
        assert_eq!((outer.channel, outer.tracking), (Channel::new(6), SendMessage::TRACKED));
        let middle = LanMessage::decode_exact(&outer.data).unwrap();
        assert_eq!((middle.to_address, middle.from_address, middle.cmd), (0x2c, 0x81, 0x34));
        let inner = SendMessage::decode_exact(&middle.data).unwrap();
        assert_eq!(inner.channel, Channel::new(7));
        let inner = LanMessage::decode_exact(&inner.data).unwrap();
        assert_eq!((inner.to_address, inner.from_address, inner.cmd), (0x82, 0x81, 0x01));
        assert_eq!((middle.sequence, inner.sequence), (6, 6));
        let unnamed = Route { local_address: None, ..double() }.wrap(6, &get_device_id());
        let sender = unnamed.data.get(11).copied();
        assert_eq!(sender, Some(BMC_ADDRESS), "ipmitool's -m, if it is not given");
    }

    #[test]
    fn the_logical_unit_is_the_targets() {
        let request = Request { lun: 3, ..get_device_id() };
        let message = single().wrap(6, &request);
        assert_eq!((message.to_lun, message.data.get(2)), (0, Some(&0x1b)));
    }

    #[test]
    fn an_answer_comes_in_two_messages_or_in_one() {
        let answer = said(0x07, 0x01, 0x30, &[0x00, 0x77]);
        let response = Response { completion: CompletionCode::OK, data: vec![0x77] };
        let route = single();
        let read = |passed, message: &LanMessage| route.read(ASKED, passed, message, false);
        assert_eq!(read(0, &said(0x07, 0x34, 0x20, &[0])), Some(Forwarded::PassedOn(1)));
        assert_eq!(read(1, &answer), Some(Forwarded::Answer(response.clone())));
        assert_eq!(read(0, &answer), Some(Forwarded::Answer(response.clone())), "out of order");
        let whole = [&[0], &*LanMessage { sequence: 9, ..answer }.to_bytes()].concat();
        let embedded = said(0x07, 0x34, 0x20, &whole);
        assert_eq!(read(0, &embedded), Some(Forwarded::Answer(response.clone())));
        let mut damaged = embedded;
        if let Some(byte) = damaged.data.last_mut() {
            *byte ^= 1;
        }
        assert_eq!(read(0, &damaged), Some(Forwarded::PassedOn(1)));
        let vouched = route.read(ASKED, 0, &damaged, true);
        assert_eq!(vouched, Some(Forwarded::Answer(response)));
    }

    #[test]
    fn an_answer_from_behind_a_transit_comes_in_up_to_three() {
        let (route, done) = (double(), said(0x07, 0x34, 0x2c, &[0]));
        let answer = said(0x07, 0x01, 0x82, &[0xc1]);
        let read = |passed, message: &LanMessage| route.read(ASKED, passed, message, false);
        assert_eq!(read(0, &done), Some(Forwarded::PassedOn(1)));
        assert_eq!(read(1, &done), Some(Forwarded::PassedOn(2)));
        let refusal = Some(Forwarded::Answer(Response::code(CompletionCode::INVALID_COMMAND)));
        assert_eq!(read(2, &answer), refusal);
        let around =
            |inner: &LanMessage| said(0x07, 0x34, 0x20, &[&[0], &*inner.to_bytes()].concat());
        assert_eq!(read(0, &around(&done)), Some(Forwarded::PassedOn(2)));
        assert_eq!(read(0, &around(&around(&answer))), refusal);
        assert_eq!(read(0, &around(&answer)), refusal);
        // More around it than was sent.
        assert_eq!(read(0, &around(&around(&around(&answer)))), None);
    }

    #[test]
    fn who_does_not_pass_it_on_is_named() {
        let nak = |from| said(0x07, 0x34, from, &[0x83]);
        let refused = |by| Some(Forwarded::Refused { by, completion: SendMessage::NAK_ON_WRITE });
        assert_eq!(single().read(ASKED, 0, &nak(0x20), false), refused(0x20));
        assert_eq!(double().read(ASKED, 0, &nak(0x20), false), refused(0x20));
        assert_eq!(double().read(ASKED, 1, &nak(0x2c), false), refused(0x2c));
    }

    #[test]
    fn another_requests_answer_is_none() {
        let route = single();
        for message in [
            LanMessage { sequence: 7, ..said(0x07, 0x01, 0x30, &[0]) },
            said(0x07, 0x02, 0x30, &[0]),
            said(0x05, 0x01, 0x30, &[0]),
            said(0x06, 0x34, 0x20, &[0x40]),
            said(0x07, 0x34, 0x20, &[]),
        ] {
            assert_eq!(route.read(ASKED, 0, &message, true), None, "{message:?}");
        }
        // Inside of a good answer to Send Message, it is as if it were not there.
        let other = said(0x07, 0x02, 0x30, &[0, 1]).to_bytes();
        let embedded = said(0x07, 0x34, 0x20, &[&[0], &*other].concat());
        assert_eq!(route.read(ASKED, 0, &embedded, true), Some(Forwarded::PassedOn(1)));
    }

    proptest! {
        #[test]
        fn no_message_is_too_odd(data in prop::collection::vec(any::<u8>(), 0..64), passed: u8) {
            let message = said(0x07, 0x34, 0x20, &data);
            for route in [single(), double()] {
                let _ = route.read(ASKED, passed, &message, true);
                let _ = route.read(ASKED, passed, &message, false);
            }
        }
    }
}
