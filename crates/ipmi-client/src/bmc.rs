//! A cheap handle to one BMC.

use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use ipmi_session::console::{Call, Config, Failure, SessionError};
use ipmi_session::{Secret, Timing};
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus, Username};
use ipmi_wire::{Command, CompletionCode, Effect, Privilege, Reader, Request, Response};
use tokio::sync::Mutex;

use crate::endpoint::{Endpoint, OpenError, Opened};
use crate::error::{Error, ErrorKind};

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
    /// Cipher suites to try, in this order.
    pub suites: Vec<CipherSuite>,
    /// Patience.
    pub timing: Timing,
}

impl Credentials {
    /// Suites 17 and 3, ADMINISTRATOR. `None` if the name has more than 16 bytes or the password
    /// more than 20: nothing is ever cut.
    #[must_use]
    pub fn new(username: &[u8], password: &[u8]) -> Option<Self> {
        Some(Self {
            username: Username::new(username)?,
            password: Secret::new(password)?,
            kg: None,
            privilege: Privilege::Administrator,
            suites: vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
            timing: Timing::default(),
        })
    }
}

/// A handle to one BMC. It logs in when first used and again when the session was lost; clones
/// share the session, because BMCs have few to give.
#[derive(Clone, Debug)]
pub struct Bmc {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    endpoint: Endpoint,
    address: SocketAddr,
    credentials: Credentials,
    /// Held while logging in, so that there is one half-open login at most.
    login: Mutex<()>,
    state: std::sync::Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    opened: Option<Opened>,
    /// How many logins failed, and how the last one did.
    failures: u64,
    failure: Option<OpenError>,
}

/// What a session turned out to be.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// The suite in use.
    pub suite: CipherSuite,
    /// Suites that the BMC refused before.
    pub refused: Vec<(CipherSuite, RmcpPlusStatus)>,
}

/// Half the time after which BMCs drop a silent session (60 s), and less than the 30 s of
/// OpenIPMI's `ipmi_sim` (`research/fleet.md` §3).
const KEEPALIVE: Duration = Duration::from_secs(20);

impl Bmc {
    /// A handle to the BMC at `address`. Nothing is sent yet.
    #[must_use]
    pub fn new(endpoint: &Endpoint, address: SocketAddr, credentials: Credentials) -> Self {
        let endpoint = endpoint.clone();
        let (login, state) = Default::default();
        Self { shared: Arc::new(Shared { endpoint, address, credentials, login, state }) }
    }

    /// Where the BMC is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The highest privilege that sessions are opened for.
    #[must_use]
    pub fn privilege(&self) -> Privilege {
        self.shared.credentials.privilege
    }

    /// Logs in, if that has not happened yet.
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn connect(&self) -> Result<SessionInfo, Error> {
        let Opened { suite, refused, .. } = self.session().await?;
        Ok(SessionInfo { suite, refused })
    }

    /// Runs a command.
    ///
    /// # Errors
    /// No session, no answer, or a completion code other than 00h.
    pub async fn send<C: Command>(&self, command: &C) -> Result<C::Response, Error> {
        let response = self.call(C::NAME, Call::of(command)).await?;
        if !response.completion.is_ok() {
            let (completion, explained) = (response.completion, C::explain(response.completion));
            let kind = ErrorKind::Refused { completion, explained, access: Some(C::ACCESS) };
            return Err(self.error(C::NAME, kind));
        }
        // Surplus bytes at the end are tolerated: BMCs pad, and later versions append.
        command.decode_response(&mut Reader::new(&response.data)).map_err(|source| {
            self.error(C::NAME, ErrorKind::Malformed { bytes: response.data, source })
        })
    }

    /// Runs a command and returns whatever completion code came, with its data.
    ///
    /// # Errors
    /// No session, or no answer.
    pub async fn send_raw(&self, request: Request) -> Result<Response, Error> {
        let known = ipmi_wire::registry::find(ipmi_wire::registry::identify(&request));
        // What an unknown command does when repeated is unknown, so it counts every time.
        let effect =
            known.and_then(|entry| (entry.effect)(&request.data).ok()).unwrap_or(Effect::Once);
        let name = known.map_or("raw command", |entry| entry.name);
        // Nobody knows what it needs, so it gets all that the user asked for.
        let needs = self.privilege();
        self.call(name, Call { request, effect, needs }).await
    }

    /// Ends the session, so that the BMC has its slot back. The handle stays usable.
    pub async fn close(&self) {
        if let Some(opened) = self.take_session().await {
            self.shared.endpoint.close(opened.id).await;
        }
    }

    /// Forgets the session without a word, because the BMC does too: after a cold reset.
    pub async fn forget_session(&self) {
        if let Some(opened) = self.take_session().await {
            self.shared.endpoint.abandon(opened.id);
        }
    }

    pub(crate) fn error(&self, doing: &'static str, kind: ErrorKind) -> Error {
        Error {
            address: Some(self.shared.address),
            doing,
            user: self.shared.credentials.username,
            privilege: self.shared.credentials.privilege,
            kind: Box::new(kind),
        }
    }

    async fn call(&self, name: &'static str, call: Call) -> Result<Response, Error> {
        let mut tried = false;
        loop {
            let opened = self.session().await?;
            let kind = match self.shared.endpoint.call(opened.id, call.clone()).await {
                Ok(response) => return Ok(response),
                Err(kind) => kind,
            };
            // The BMC may have restarted and forgotten the session, or it is over here: the next
            // call logs in anew.
            if ends_session(&kind) {
                self.drop_session(opened.id);
            }
            // The session had ended before anything was sent: a new one may try, once.
            if tried || !matches!(kind, ErrorKind::Call(Failure::NotSent)) {
                return Err(self.error(name, kind));
            }
            tried = true;
        }
    }

    fn drop_session(&self, id: u32) {
        if self.state().opened.take_if(|opened| opened.id == id).is_some() {
            self.shared.endpoint.close_later(id);
        }
    }

    /// The session, once no login is under way.
    async fn take_session(&self) -> Option<Opened> {
        let _turn = self.shared.login.lock().await;
        self.state().opened.take()
    }

    async fn session(&self) -> Result<Opened, Error> {
        const DOING: &str = "log in";
        self.login().await.map_err(|error| self.error(DOING, error.into()))
    }

    async fn login(&self) -> Result<Opened, OpenError> {
        if self.shared.endpoint.is_gone() {
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
        let outcome = self.shared.endpoint.open(self.shared.address, self.config()).await;
        // From here to the end nothing waits, so the session has an owner at any time.
        let mut state = self.state();
        match outcome.and_then(|delivery| delivery.accept().ok_or(OpenError::Gone)) {
            Ok(opened) => {
                self.shared.endpoint.remember(self.shared.address, opened.suite);
                state.opened = Some(opened.clone());
                Ok(opened)
            }
            Err(error) => {
                state.failures = state.failures.wrapping_add(1);
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn config(&self) -> Config {
        let Credentials { username, password, kg, privilege, suites, timing } =
            self.shared.credentials.clone();
        let suites = self.shared.endpoint.order_suites(self.shared.address, suites);
        Config {
            kg,
            privilege,
            suites,
            timing,
            keepalive: Some(KEEPALIVE),
            ..Config::new(username, password)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call that came to this leaves no session that would be worth another.
const fn ends_session(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Call(Failure::NotSent | Failure::NoAnswer { .. } | Failure::Uncertain)
            | ErrorKind::Io(_)
    )
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = state.opened.take() {
            self.endpoint.close_later(opened.id);
        }
    }
}

/// Whether this completion code says that the thing asked for does not exist or has nothing to
/// say, rather than that something is wrong.
///
/// Source: `research/freeipmi.md` §3.2, seven codes seen in the field.
pub(crate) const fn means_absent(code: CompletionCode) -> bool {
    matches!(code.0, 0xc9 | 0xcb | 0xcc | 0xcd | 0xce | 0xd3 | 0xd5)
}

/// Turns an I/O error of the endpoint into an [`Error`] without a BMC.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self {
            address: None,
            doing: "open a UDP socket",
            user: Username::default(),
            privilege: Privilege::User,
            kind: Box::new(ErrorKind::Io(error)),
        }
    }
}

/// A session that could not be opened.
impl Error {
    /// Why there was no session, if that is what this error is about.
    #[must_use]
    pub fn session_error(&self) -> Option<&SessionError> {
        match &*self.kind {
            ErrorKind::Session(error) => Some(error),
            _ => None,
        }
    }
}
