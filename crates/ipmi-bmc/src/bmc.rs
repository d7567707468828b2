//! The controller itself: state, time, and the two ways in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::Entropy;
use ipmi_session::managed::{Limits, Received, Sessions};
use ipmi_wire::cmd::app::{DeviceId, Guid};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::{Channel, Request, Response};

use crate::chassis::Chassis;
use crate::context::{Context, Origin};
use crate::dispatch::dispatch;
use crate::personality::Personality;
use crate::platform::Platform;
use crate::sdr::SdrRepository;
use crate::sel::Sel;
use crate::users::{Directory, LanPolicy, User};

/// What a BMC is configured with, as opposed to what it is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The system's GUID, in wire order.
    pub guid: Guid,
    /// Users.
    pub users: Vec<User>,
    /// Policy of the LAN channel.
    pub lan: LanPolicy,
    /// Limits of the LAN channel's sessions.
    pub limits: Limits,
    /// How long the machine has been on, in all, before now.
    pub on_time: Duration,
}

/// A Baseboard Management Controller.
///
/// It does nothing by itself: call [`handle_timeout`](Self::handle_timeout) when
/// [`poll_timeout`](Self::poll_timeout) says so.
pub struct Bmc {
    pub(crate) device_id: DeviceId,
    pub(crate) guid: Guid,
    pub(crate) users: Vec<User>,
    pub(crate) lan: LanPolicy,
    pub(crate) sessions: Sessions,
    pub(crate) chassis: Chassis,
    pub(crate) sdr: SdrRepository,
    pub(crate) sel: Sel,
    pub(crate) platform: Box<dyn Platform>,
    /// A cold reset that takes place once its answer is on its way.
    pub(crate) cold_reset_pending: bool,
}

impl Bmc {
    /// The LAN channel's number.
    pub const LAN_CHANNEL: Channel = Channel::new(1);

    /// A controller that starts at `now`.
    #[must_use]
    pub fn new(
        now: Instant,
        personality: Personality,
        settings: Settings,
        platform: Box<dyn Platform>,
    ) -> Self {
        let Settings { guid, users, lan, limits, on_time } = settings;
        Self {
            device_id: personality.device_id,
            guid,
            users,
            lan,
            sessions: Sessions::new(limits),
            chassis: Chassis::new(now, on_time),
            sdr: SdrRepository::new(personality.sdrs, personality.sdrs_built),
            sel: Sel::new(personality.events),
            platform,
            cold_reset_pending: false,
        }
    }

    /// Takes in a datagram from the LAN; what to send back, if anything.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let directory = Directory { users: &self.users, lan: &self.lan, guid: self.guid.0 };
        match self.sessions.receive(now, from, datagram, &directory, entropy) {
            Received::Nothing => None,
            Received::Reply(reply) => Some(reply),
            Received::Sessionless { format, message } => {
                let origin = Origin::Sessionless { channel: Self::LAN_CHANNEL };
                let answer = self.answer(now, origin, &message)?;
                self.finish(origin);
                Sessions::sessionless(format, &answer)
            }
            Received::Request { session_id, message } => {
                self.answer_in_session(now, session_id, &message, entropy)
            }
        }
    }

    /// Answers a request, whoever carried it here. What the command puts off until it is answered
    /// (the end of sessions) has happened when this returns: there is nothing to seal.
    pub fn handle_request(&mut self, now: Instant, origin: Origin, request: &Request) -> Response {
        let response = self.respond(now, origin, request);
        self.finish(origin);
        response
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.sessions.handle_timeout(now);
        self.chassis.advance(now, &mut *self.platform);
    }

    /// When [`handle_timeout`](Self::handle_timeout) next has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let chassis = self.chassis.poll_timeout(&*self.platform);
        [self.sessions.poll_timeout(), chassis].into_iter().flatten().min()
    }

    /// The sessions on the LAN channel.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The event log.
    #[must_use]
    pub const fn sel(&self) -> &Sel {
        &self.sel
    }

    /// The chassis.
    #[must_use]
    pub const fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    /// The system's GUID.
    #[must_use]
    pub const fn guid(&self) -> Guid {
        self.guid
    }

    /// Whether the machine is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.platform.is_on()
    }

    /// What a reset does to the controller's volatile state, sessions apart.
    pub(crate) const fn cancel_reservations(&mut self) {
        self.sdr.reservation.cancel();
        self.sel.reservation.cancel();
    }

    /// Runs a command. [`finish`](Self::finish) has to follow.
    fn respond(&mut self, now: Instant, origin: Origin, request: &Request) -> Response {
        self.chassis.advance(now, &mut *self.platform);
        dispatch(self, &Context { now, origin }, request)
    }

    fn answer(&mut self, now: Instant, origin: Origin, message: &LanMessage) -> Option<LanMessage> {
        let request = message.to_request()?;
        Some(message.answer(&self.respond(now, origin, &request)))
    }

    fn answer_in_session(
        &mut self,
        now: Instant,
        session_id: u32,
        message: &LanMessage,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let session = self.sessions.get(session_id)?;
        let origin = Origin::Session {
            session_id,
            channel: Self::LAN_CHANNEL,
            user_id: session.user_id,
            privilege: session.privilege,
        };
        let answer = self.answer(now, origin, message)?;
        let reply = self.sessions.seal(session_id, &answer, entropy);
        self.finish(origin);
        reply
    }

    /// What a command asked for that must not happen before its answer is sealed. Whatever the
    /// origin, nothing of it may be left over for the next request to set off.
    fn finish(&mut self, origin: Origin) {
        if let Origin::Session { session_id, .. } = origin
            && self.sessions.get(session_id).is_some_and(|session| session.is_closing())
        {
            self.sessions.close(session_id);
        }
        if core::mem::take(&mut self.cold_reset_pending) {
            self.sessions.close_all();
        }
    }
}
