//! A cheap handle to one BMC.

mod behind;
mod call;
mod login;
mod way;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ipmi_session::Quirks;
use ipmi_session::console::{Agreed, Call, SessionError};
use ipmi_wire::bridge::Route;
use ipmi_wire::cmd::app::{DeviceId, GetDeviceId, Guid};
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus, Username};
use ipmi_wire::vendor::Decoder;
use ipmi_wire::{Command, CompletionCode, Effect, Privilege, Reader, Request, Response};
use tokio::sync::Mutex;

use crate::cache::Cache;
use crate::endpoint::{Endpoint, Opened};
use crate::error::{Error, ErrorKind};
use crate::learned::Learned;
use crate::memory::Memory;
use crate::together::{Window, call_of};
use behind::Behind;
pub(crate) use login::KEEPALIVE;
use login::State;
pub use login::{Credentials, Habits};
use way::Way;

/// A handle to one BMC, or to a controller [`behind`](Self::behind) it. It logs in when first used
/// and again when the session was lost; clones share the session, because BMCs have few to give.
#[derive(Clone, Debug)]
pub struct Bmc {
    shared: Arc<Shared>,
    /// The controller that is meant, if that is not the BMC.
    behind: Option<Arc<Behind>>,
    patience: Option<Duration>,
}

#[derive(Debug)]
struct Shared {
    way: Way,
    credentials: Credentials,
    /// Held while logging in, so that there is one half-open login at most.
    login: Mutex<()>,
    state: std::sync::Mutex<State>,
    memory: std::sync::Mutex<Memory>,
    /// Held while the records are read: two at once would cancel each other's reservations.
    reading: Mutex<()>,
    cache: OnceLock<Cache>,
    /// Controllers behind it that were spoken to.
    behind: std::sync::Mutex<HashMap<Route, Arc<Behind>>>,
    #[cfg(test)]
    fake: Option<Arc<dyn crate::fake::Answers>>,
}

/// What a session turned out to be.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// What protects it; `None` in the BMC's own machine, where there is no session.
    pub agreed: Option<Agreed>,
    /// Departures of this BMC from the specification that were dealt with in this session so far.
    pub noticed: Quirks,
    /// Suites that the BMC refused before.
    pub refused: Vec<(CipherSuite, RmcpPlusStatus)>,
    /// The GUID that the BMC gave in RAKP 2. Not always an identity: see
    /// [`Guid::is_unset`].
    pub managed_guid: Option<Guid>,
}

/// How long a busy BMC is given before each further try: a second and a half in all.
const BUSY_PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

impl Bmc {
    /// A handle to the BMC at `address`. Nothing is sent yet.
    #[must_use]
    pub fn new(endpoint: &Endpoint, address: SocketAddr, credentials: Credentials) -> Self {
        Self::by(Way::Lan { endpoint: endpoint.clone(), address }, credentials)
    }

    /// A handle to the same BMC at another address, with a session of its own; `None` if it is in this
    /// machine, and at no address.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Option<Self> {
        let Way::Lan { endpoint, .. } = &self.shared.way else { return None };
        #[allow(unused_mut, reason = "only what is faked changes it")]
        let mut bmc = Self::new(endpoint, address, self.shared.credentials.clone());
        #[cfg(test)]
        if let (Some(fake), Some(shared)) = (&self.shared.fake, Arc::get_mut(&mut bmc.shared)) {
            shared.fake = Some(Arc::clone(fake).at(address));
        }
        Some(match self.route() {
            Some(route) => bmc.behind(route),
            None => bmc,
        })
    }

    /// A handle to a BMC that is nothing but `fake`.
    #[cfg(test)]
    pub(crate) fn faked(
        address: SocketAddr,
        timing: ipmi_session::Timing,
        fake: Arc<dyn crate::fake::Answers>,
    ) -> Self {
        let (endpoint, credentials) =
            (Endpoint::bind().unwrap(), Credentials::new(b"admin", b"pw").unwrap());
        let mut bmc = Self::new(&endpoint, address, Credentials { timing, ..credentials });
        if let Some(shared) = Arc::get_mut(&mut bmc.shared) {
            shared.fake = Some(fake);
        }
        bmc
    }

    /// The same handle, keeping what it learns of the BMC's records in `cache`. Without, it is kept
    /// as long as the handle and its clones. A handle that has a cache already keeps that.
    #[must_use]
    pub fn with_cache(self, cache: &Cache) -> Self {
        let _ = self.shared.cache.set(cache.clone());
        self
    }

    /// The same handle, which knows this of its BMC from earlier sessions.
    #[must_use]
    pub fn with_learned(self, learned: Learned) -> Self {
        self.front_memory().learned = learned;
        self
    }

    /// What is known of the BMC by now, for the next one who talks to it.
    #[must_use]
    pub fn learned(&self) -> Learned {
        let opened = self.state().opened.clone();
        let mut memory = self.front_memory();
        if let Some(opened) = opened {
            memory.learned.take_in(opened.observed.get());
        }
        memory.learned
    }

    /// It has lost settings that came quickly, and kept them when they came slowly.
    pub(crate) fn learn_slow_commit(&self) {
        self.front_memory().learned.slow_commit = true;
    }

    /// Whether it is known to do so.
    pub(crate) fn loses_what_comes_quickly(&self) -> bool {
        self.habits().slow_commit || self.front_memory().learned.slow_commit
    }

    /// Waits for the turn to read the records.
    pub(crate) async fn reading_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        match &self.behind {
            Some(behind) => behind.reading.lock().await,
            None => self.shared.reading.lock().await,
        }
    }

    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.shared.cache.get()
    }

    /// What was learned of the BMC.
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        let memory = match &self.behind {
            Some(behind) => &behind.memory,
            None => &self.shared.memory,
        };
        memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was learned of the BMC itself, whose session it is.
    pub(crate) fn front_memory(&self) -> MutexGuard<'_, Memory> {
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The highest privilege that sessions are opened for.
    #[must_use]
    pub fn privilege(&self) -> Privilege {
        self.shared.credentials.privilege
    }

    /// The name that sessions are opened by.
    #[must_use]
    pub fn username(&self) -> Username {
        self.shared.credentials.username
    }

    /// The ID that the BMC gave to the session that was asked of it last, whether anybody was let
    /// in then or not: who gets one has found a BMC.
    #[must_use]
    pub fn managed_session_id(&self) -> Option<u32> {
        self.state().managed_id
    }

    /// Logs in, if that has not happened yet.
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn connect(&self) -> Result<SessionInfo, Error> {
        let Opened { agreed, observed, refused, guid, .. } = self.session().await?;
        let noticed = observed.get().noticed;
        Ok(SessionInfo { agreed, noticed, refused, managed_guid: guid })
    }

    /// What kind of controller this is. Asked once a session: firmware does not change without
    /// ending it.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn device_id(&self) -> Result<DeviceId, Error> {
        let session = self.session().await?.id;
        if let Some((asked, id)) = self.memory().device_id
            && asked == session
        {
            return Ok(id);
        }
        let id = self.send_until_free(0, &GetDeviceId).await?;
        // Should the session have been lost meanwhile, the next call asks again.
        self.memory().device_id = Some((session, id));
        Ok(id)
    }

    /// What the BMC's maker means by what the specification leaves to it. Asks who that is, once a
    /// session.
    ///
    /// # Errors
    /// As [`send`](Self::send), unless the BMC refuses to tell: then it is nobody's.
    pub async fn decoder(&self) -> Result<Decoder, Error> {
        match self.device_id().await {
            Ok(id) => Ok(Decoder::new(id.manufacturer_id, id.product_id)),
            Err(error) if error.completion().is_some() => Ok(Decoder::of_nobody()),
            Err(error) => Err(error),
        }
    }

    /// Runs a command, within [`longest_call`](Self::longest_call). Should the session be lost
    /// meanwhile, what may run twice is asked again in a new one, once. What may not
    /// ([`Effect::Once`]) ends in [`Failure::Uncertain`](crate::Failure::Uncertain) if its answer
    /// is lost: the operations of [`outcome`](crate::outcome) look up what became of it.
    ///
    /// # Errors
    /// No session, no answer, or a completion code other than 00h.
    pub async fn send<C: Command>(&self, command: &C) -> Result<C::Response, Error> {
        self.send_to_lun(0, command).await
    }

    /// Runs a command at another logical unit of the BMC, where sensors may be that have no number
    /// left at the first.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_to_lun<C: Command>(
        &self,
        lun: u8,
        command: &C,
    ) -> Result<C::Response, Error> {
        self.send_abreast(lun, command, 1).await
    }

    /// As [`send_to_lun`](Self::send_to_lun), while up to so many requests are in flight.
    pub(crate) async fn send_abreast<C: Command>(
        &self,
        lun: u8,
        command: &C,
        abreast: u8,
    ) -> Result<C::Response, Error> {
        let mut call = call_of(command).with_abreast(abreast);
        call.request.lun = lun & 3;
        self.run(command, call).await
    }

    pub(crate) fn habits(&self) -> Habits {
        self.shared.credentials.habits
    }

    pub(crate) fn window(&self) -> Window {
        self.shared.credentials.window
    }

    /// Runs a command with a higher privilege than it takes everywhere.
    pub(crate) async fn send_as<C: Command>(
        &self,
        needs: Privilege,
        command: &C,
    ) -> Result<C::Response, Error> {
        self.run(command, Call { needs, ..call_of(command) }).await
    }

    /// Runs a command that is not repeated when its answer is lost, although it might be.
    pub(crate) async fn send_once<C: Command>(&self, command: &C) -> Result<C::Response, Error> {
        let call = Call { effect: Effect::Once, ..call_of(command) };
        self.run(command, call).await
    }

    /// The session that the next call would be made in.
    pub(crate) async fn session_id(&self) -> Result<u32, Error> {
        self.session().await.map(|opened| opened.id)
    }

    /// Runs a command in this very session, which is not given up whatever comes of it.
    pub(crate) async fn send_in<C: Command>(
        &self,
        session: u32,
        command: &C,
    ) -> Result<C::Response, Error> {
        self.send_in_as(session, call_of(command).needs, command).await
    }

    /// As [`send_in`](Self::send_in), with a higher privilege than it takes everywhere.
    pub(crate) async fn send_in_as<C: Command>(
        &self,
        session: u32,
        needs: Privilege,
        command: &C,
    ) -> Result<C::Response, Error> {
        let call = Call { needs, ..call_of(command) };
        let effect = call.effect;
        let answer = self.exchange(session, call).await;
        let answer = answer.map_err(|kind| self.error(C::NAME, self.judge(kind, effect)))?;
        self.understand(command, answer)
    }

    /// The session that the next call would be made in, and what is known of it.
    pub(crate) async fn opened(&self) -> Result<Opened, Error> {
        self.session().await
    }

    /// What carries its sessions, if it has any.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        match &self.shared.way {
            Way::Lan { endpoint, .. } => Some(endpoint),
            Way::Device(_) => None,
        }
    }

    pub(crate) fn timing(&self) -> ipmi_session::Timing {
        self.shared.credentials.timing
    }

    /// How long one try of a login, or of a call, takes at most.
    pub(crate) fn deadline(&self) -> Duration {
        self.shared.credentials.timing.deadline
    }

    /// Runs a command and asks again for a while when the BMC says that it is busy, which some do
    /// for every other request (`research/freeipmi.md` §4.8): with the code `busy` of the command's
    /// own, or with C0h. The latter the session answers itself by asking again, except for what must
    /// not run twice: there only the operation knows that it can tell one effect from two. A BMC
    /// that says so has not begun (IPMI v2.0 §5.2).
    pub(crate) async fn send_patiently<C: Command>(
        &self,
        lun: u8,
        command: &C,
        busy: CompletionCode,
    ) -> Result<C::Response, Error> {
        let once = command.effect() == Effect::Once;
        let is_busy = |code| match code {
            CompletionCode::NODE_BUSY => once,
            code => code == busy,
        };
        for pause in BUSY_PAUSES {
            match self.send_to_lun(lun, command).await {
                Err(error) if error.completion().is_some_and(is_busy) => {
                    tokio::time::sleep(pause).await;
                }
                outcome => return outcome,
            }
        }
        self.send_to_lun(lun, command).await
    }

    /// As [`send_patiently`](Self::send_patiently), for commands that have no code of their own.
    pub(crate) async fn send_until_free<C: Command>(
        &self,
        lun: u8,
        command: &C,
    ) -> Result<C::Response, Error> {
        self.send_patiently(lun, command, CompletionCode::NODE_BUSY).await
    }

    async fn run<C: Command>(&self, command: &C, call: Call) -> Result<C::Response, Error> {
        let response = self.call_behind(C::NAME, call).await?;
        self.understand(command, response)
    }

    fn understand<C: Command>(
        &self,
        command: &C,
        response: Response,
    ) -> Result<C::Response, Error> {
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
        self.send_raw_abreast(request, 1).await
    }

    /// As [`send_raw`](Self::send_raw), while up to so many requests are in flight.
    pub(crate) async fn send_raw_abreast(
        &self,
        request: Request,
        abreast: u8,
    ) -> Result<Response, Error> {
        let known = ipmi_wire::registry::find(ipmi_wire::registry::identify(&request));
        // What an unknown command does when repeated is unknown, so it counts every time.
        let effect =
            known.and_then(|entry| (entry.effect)(&request.data).ok()).unwrap_or(Effect::Once);
        let name = known.map_or("raw command", |entry| entry.name);
        // Nobody knows what it needs, so it gets all that the user asked for.
        let needs = self.privilege();
        self.call_behind(name, Call::new(request, effect, needs).with_abreast(abreast)).await
    }

    /// Ends the session, so that the BMC has its slot back. The handle stays usable.
    pub async fn close(&self) {
        if let Some(opened) = self.take_session().await {
            self.shared.close(opened.id).await;
        }
    }

    /// Forgets the session without a word, because the BMC does too: after a cold reset.
    pub async fn forget_session(&self) {
        if let Some(opened) = self.take_session().await {
            self.shared.abandon(opened.id);
        }
    }

    pub(crate) fn error(&self, doing: &'static str, kind: ErrorKind) -> Error {
        Error {
            location: Some(self.location()),
            behind: self.route(),
            doing,
            user: self.shared.credentials.username,
            privilege: self.shared.credentials.privilege,
            kind: Box::new(kind),
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
            location: None,
            behind: None,
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

#[cfg(test)]
mod tests;
