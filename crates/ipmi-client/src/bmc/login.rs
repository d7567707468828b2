//! Who logs in, and logging in: once for everybody who waits.

use std::net::SocketAddr;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use ipmi_session::console::{Agreed, Config, Protocol, SessionError};
use ipmi_session::{Quirks, Secret, Timing};
use ipmi_wire::Privilege;
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus, Username};

use super::Bmc;
use super::way::Way;
use crate::endpoint::{Endpoint, OpenError, Opened};
use crate::error::Error;
use crate::together::Window;

/// Who logs in, and how.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// User name.
    pub username: Username,
    /// Password.
    pub password: Secret,
    /// The BMC's key, if one is set.
    pub kg: Option<Secret>,
    /// The highest privilege that sessions may need.
    pub privilege: Privilege,
    /// If the BMC lets this user have no such privilege: what will do as well. `None` if nothing
    /// less will.
    pub makes_do: Option<Privilege>,
    /// Users are found by name alone, the usual way, or by name and privilege.
    pub name_only_lookup: bool,
    /// Cipher suites to try, in this order.
    pub suites: Vec<CipherSuite>,
    /// Patience.
    pub timing: Timing,
    /// IPMI v2.0, or v1.5 on request.
    pub protocol: Protocol,
    /// Departures from the specification that this BMC is known for, beyond those that are found
    /// out and dealt with anyway.
    pub workarounds: Quirks,
    /// Whether this BMC is known to drop a packet that it has seen. Only then is a command that must
    /// not run twice sent again when no answer comes: the very same packet. It is never guessed,
    /// because a BMC that does not look at sequence numbers would run it twice, as OpenBMC does
    /// (`research/bmc-servers.md` §3.1).
    pub refuses_replays: bool,
    /// How many requests may be in flight.
    pub window: Window,
    /// What it is known for beyond its sessions.
    pub habits: Habits,
}

/// What a BMC is known for beyond its sessions, and what cannot be told from outside: the
/// administrator says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Its sensors say that scanning is disabled, next to good readings: those are believed
    /// (FreeIPMI's `ignorescanningdisabled`).
    pub ignore_scanning_disabled: bool,
    /// Its records say of its own sensors that they belong to another controller: it is asked for
    /// them all the same (FreeIPMI's `assumebmcowner`).
    pub assume_bmc_owner: bool,
    /// See [`Learned::slow_commit`](crate::Learned::slow_commit).
    pub slow_commit: bool,
}

impl Credentials {
    /// Suites 17 and 3, ADMINISTRATOR, IPMI v2.0. `None` if the name has more than 16 bytes or the
    /// password more than 20: nothing is ever cut.
    #[must_use]
    pub fn new(username: &[u8], password: &[u8]) -> Option<Self> {
        Some(Self {
            username: Username::new(username)?,
            password: Secret::new(password)?,
            kg: None,
            privilege: Privilege::Administrator,
            makes_do: None,
            name_only_lookup: true,
            suites: vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
            timing: Timing::default(),
            protocol: Protocol::RmcpPlus,
            workarounds: Quirks::NONE,
            refuses_replays: false,
            window: Window::Auto,
            habits: Habits::default(),
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) opened: Option<Opened>,
    /// How many logins failed, and how the last one did.
    failures: u64,
    failure: Option<OpenError>,
    /// The BMC's ID of the session that was asked for last.
    pub(super) managed_id: Option<u32>,
}

/// Half the time after which BMCs drop a silent session (60 s), and less than the 30 s of
/// OpenIPMI's `ipmi_sim` (`research/fleet.md` §3).
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(20);

impl Bmc {
    pub(crate) fn drop_session(&self, id: u32) {
        if self.set_aside(id) {
            self.shared.close_later(id);
        }
    }

    /// Makes the next call log in anew, and leaves this session as it is: closing it is the
    /// caller's business now. Whether there was such a session.
    pub(crate) fn set_aside(&self, id: u32) -> bool {
        let taken = self.state().opened.take_if(|opened| opened.id == id);
        self.keep_observed(taken.as_ref());
        taken.is_some()
    }

    /// What a session has shown outlives it.
    fn keep_observed(&self, taken: Option<&Opened>) {
        if let Some(opened) = taken {
            self.front_memory().learned.take_in(opened.observed.get());
        }
    }

    /// Closes a session that was set aside.
    pub(crate) fn close_aside(&self, id: u32) {
        self.shared.close_later(id);
    }

    /// Forgets a session that was set aside, because the BMC has.
    pub(crate) fn abandon(&self, id: u32) {
        self.shared.abandon(id);
    }

    /// The session, once no login is under way.
    pub(super) async fn take_session(&self) -> Option<Opened> {
        let _turn = self.shared.login.lock().await;
        let taken = self.state().opened.take();
        self.keep_observed(taken.as_ref());
        taken
    }

    pub(super) async fn session(&self) -> Result<Opened, Error> {
        const DOING: &str = "log in";
        #[cfg(test)]
        if let Some(fake) = &self.shared.fake {
            return fake.session().map_err(|kind| self.error(DOING, kind));
        }
        if let Some(nothing) = self.shared.without_session() {
            return Ok(nothing);
        }
        self.login().await.map_err(|error| self.error(DOING, error.into()))
    }

    async fn login(&self) -> Result<Opened, OpenError> {
        let Way::Lan { endpoint, address } = &self.shared.way else { return Err(OpenError::Gone) };
        if endpoint.is_gone() {
            return Err(OpenError::Gone);
        }
        let failures = {
            let state = self.state();
            if let Some(opened) = &state.opened {
                return Ok(opened.clone());
            }
            state.failures
        };
        let _turn = self.shared.login.lock().await;
        {
            let state = self.state();
            if let Some(opened) = &state.opened {
                return Ok(opened.clone());
            }
            // Somebody else's login failed while this one waited for its turn: asking the BMC the
            // same thing again would take as long and end the same way.
            if let Some(failure) = state.failure.clone().filter(|_| state.failures != failures) {
                return Err(failure);
            }
        }
        let credentials = &self.shared.credentials;
        let config = |privilege| self.config(endpoint, *address, privilege);
        let mut outcome = endpoint.open(*address, config(credentials.privilege)).await;
        if let (Err(OpenError::Session(why, _)), Some(less)) = (&outcome, credentials.makes_do)
            && is_about_privilege(why)
        {
            tracing::info!(bmc = %address, "{} is not to be had ({why}); {less} will do", credentials.privilege);
            outcome = endpoint.open(*address, config(less)).await;
        }
        // From here to the end nothing waits, so the session has an owner at any time.
        let mut state = self.state();
        match outcome.and_then(|delivery| delivery.accept().ok_or(OpenError::Gone)) {
            Ok(opened) => {
                if let Some(suite) = opened.agreed.and_then(Agreed::suite) {
                    endpoint.remember(*address, suite);
                }
                state.managed_id = opened.managed_id;
                state.opened = Some(opened.clone());
                Ok(opened)
            }
            Err(error) => {
                state.failures = state.failures.wrapping_add(1);
                state.managed_id = match &error {
                    OpenError::Session(_, managed_id) => *managed_id,
                    OpenError::Io(_) | OpenError::Gone => None,
                };
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn config(&self, endpoint: &Endpoint, address: SocketAddr, privilege: Privilege) -> Config {
        let Credentials {
            username,
            password,
            kg,
            privilege: _,
            makes_do: _,
            name_only_lookup,
            suites,
            timing,
            protocol,
            workarounds,
            refuses_replays,
            // Each call says it for itself.
            window: _,
            habits: _,
        } = self.shared.credentials.clone();
        let suites = endpoint.order_suites(address, suites);
        Config {
            kg,
            privilege,
            name_only_lookup,
            suites,
            timing,
            keepalive: Some(KEEPALIVE),
            protocol,
            workarounds,
            refuses_replays,
            lessons: self.front_memory().learned.lessons,
            ..Config::new(username, password)
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is the privilege that the BMC has refused. IPMI v2.0 Table 13-15, §22.17.
const fn is_about_privilege(why: &SessionError) -> bool {
    const EXCEEDS_LIMIT: u8 = 0x86;
    match why {
        SessionError::Refused { status, .. } => {
            matches!(*status, RmcpPlusStatus::INVALID_ROLE | RmcpPlusStatus::UNAUTHORIZED_ROLE)
        }
        SessionError::Refused15 { completion, .. } => completion.0 == EXCEEDS_LIMIT,
        _ => false,
    }
}
