//! From options to a session: whom to talk to, as whom, how.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipmi_client::{
    Bmc, Cache, Credentials, Endpoint, Protocol, Quirks, Secret, SessionInfo, Timing,
};
use ipmi_wire::Privilege;
use ipmi_wire::session::{
    AuthType, AuthenticationAlgorithm, CipherSuite, IntegrityAlgorithm, Username,
};

use crate::cli::{Globals, Workaround};
use crate::error::Error;
use crate::output::Voice;
use crate::secret;
use crate::suites::{Suites, cache_directory};
use crate::target::Target;

/// How to log in, wherever the BMC is.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    credentials: Credentials,
    /// The user named the suites, or wants nothing that was learned, so nothing is remembered and
    /// nothing is tried before them.
    suites_given: bool,
    /// Where sensor data records are kept.
    cache: Option<Cache>,
}

/// All that a login takes. Nothing was sent yet.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    address: SocketAddr,
    login: Login,
    voice: Voice<'a>,
}

/// What was learned of the suites of BMCs, for all that are logged in to in this run.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Mutex<Suites>>);

/// A BMC within reach.
#[derive(Debug)]
pub(crate) struct Console<'a> {
    pub(crate) bmc: Bmc,
    endpoint: Endpoint,
    /// `None` if the user named the suites.
    memory: Option<Memory>,
    voice: Voice<'a>,
}

/// What somebody knows of hosts beyond what is typed. The configuration will be one.
pub(crate) trait Hosts {
    /// The group of this name, as the nodesets in it.
    fn group(&self, name: &str) -> Result<Option<Vec<String>>, String>;

    /// Where the host of this name is, and how to log in there: as `login` says, but for what is
    /// known of it.
    fn of(&self, name: &str, port: Option<u16>, login: &Login) -> Result<(Target, Login), Error>;
}

/// Nothing but what is typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsTyped;

impl Hosts for AsTyped {
    fn group(&self, _: &str) -> Result<Option<Vec<String>>, String> {
        Ok(None)
    }

    fn of(&self, name: &str, port: Option<u16>, login: &Login) -> Result<(Target, Login), Error> {
        Ok((Target::parse(name, port)?, login.clone()))
    }
}

impl Login {
    /// What the options mean for a command that needs the privilege `needs`. `ask` gives the password
    /// of the user of this name, and whatever has to be found out before somebody is asked for it.
    pub(crate) fn new<T>(
        globals: &Globals,
        needs: Privilege,
        ask: impl FnOnce(&str) -> Result<(Secret, T), Error>,
    ) -> Result<(Self, T), Error> {
        let (username, name) = user(globals)?;
        let suites = suites(globals)?;
        let protocol = protocol(globals)?;
        let (workarounds, learned) = workarounds(globals)?;
        let kg = secret::kg(globals)?;
        let (password, found) = ask(&name)?;
        let credentials = Credentials {
            username,
            password,
            kg,
            privilege: globals.privilege.unwrap_or(needs),
            suites,
            timing: Timing { deadline: globals.deadline(), ..Timing::default() },
            protocol,
            workarounds,
            refuses_replays: globals.refuses_replays,
        };
        let suites_given = !globals.cipher_suites.is_empty() || globals.allow_ipmi15 || !learned;
        let cache = cache_directory().filter(|_| !globals.no_cache).map(Cache::at);
        Ok((Self { credentials, suites_given, cache }, found))
    }

    /// The same with this much time for a login, and for each request.
    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.credentials.timing.deadline = deadline;
        self
    }

    /// What was learned of suites, unless none of it counts.
    pub(crate) fn memory(&self) -> Option<Memory> {
        (!self.suites_given).then(|| Memory(Arc::new(Mutex::new(Suites::load()))))
    }
}

impl<'a> Plan<'a> {
    /// What the options mean for `host`, and a command that needs the privilege `needs`. May ask for
    /// the password.
    pub(crate) fn new(
        globals: &Globals,
        host: &str,
        needs: Privilege,
        voice: Voice<'a>,
    ) -> Result<Self, Error> {
        let target = Target::parse(host, globals.port)?;
        let (login, address) = Login::new(globals, needs, |name| {
            let address = target.resolve()?;
            Ok((secret::password(globals, &format!("{name} on {host}"), voice)?, address))
        })?;
        Ok(Self::to(address, login, voice))
    }

    /// A login at this address.
    pub(crate) const fn to(address: SocketAddr, login: Login, voice: Voice<'a>) -> Self {
        Self { address, login, voice }
    }

    /// Where the BMC is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle to the BMC. Has to be called inside a tokio runtime.
    pub(crate) fn start(self) -> Result<Console<'a>, Error> {
        let endpoint = Endpoint::bind().map_err(ipmi_client::Error::from)?;
        let memory = self.login.memory();
        Ok(self.start_on(endpoint, memory))
    }

    /// A handle to the BMC, by an endpoint that others may share.
    pub(crate) fn start_on(self, endpoint: Endpoint, memory: Option<Memory>) -> Console<'a> {
        let Self { address, login: Login { credentials, cache, .. }, voice } = self;
        if let Some(suite) = memory.as_ref().and_then(|memory| memory.suites().recall(address)) {
            tracing::info!(bmc = %address, "{suite} is tried first: a better one was refused before");
            endpoint.remember(address, suite);
        }
        let mut bmc = Bmc::new(&endpoint, address, credentials);
        if let Some(cache) = &cache {
            bmc = bmc.with_cache(cache);
        }
        Console { bmc, endpoint, memory, voice }
    }
}

impl Memory {
    fn suites(&self) -> MutexGuard<'_, Suites> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps it for the next run.
    pub(crate) fn save(&self) {
        self.suites().save();
    }
}

impl Console<'_> {
    /// Logs in.
    pub(crate) async fn log_in(&mut self) -> Result<SessionInfo, Error> {
        let address = self.bmc.address();
        let info = self.bmc.connect().await?;
        tracing::info!(bmc = %address, privilege = %self.bmc.privilege(), "logged in, {}", info.agreed);
        if let Some((last, status)) = info.refused.last() {
            let others = info.refused.len().saturating_sub(1);
            let others = if others > 0 { format!(" and {others} more") } else { String::new() };
            self.voice
                .note(&format!("{last}{others} was refused ({status}), using {}", info.agreed));
            if let Some(memory) = &self.memory {
                // The preferred one needs no memory.
                let suite = info.agreed.suite().filter(|suite| *suite != CipherSuite::SUITE_17);
                memory.suites().learn(address, suite);
            }
        }
        Ok(info)
    }

    /// Gives the BMC its session back, without waiting for its consent.
    pub(crate) async fn end(self) {
        self.endpoint.shutdown().await;
        if let Some(memory) = &self.memory {
            memory.save();
        }
        let (sent, received) = self.endpoint.datagrams();
        tracing::debug!(sent, received, "datagrams in all");
    }
}

/// The user, and how to write the name.
fn user(globals: &Globals) -> Result<(Username, String), Error> {
    let from_environment = || std::env::var("LANTERN_USER").ok().filter(|user| !user.is_empty());
    let name = globals.user.clone().or_else(from_environment).ok_or_else(|| {
        Error::usage("no user was named")
            .next("say who logs in: -U USER, or LANTERN_USER; the null user is -U ''")
    })?;
    let username = Username::new(name.as_bytes()).ok_or_else(|| {
        Error::usage(format!("user '{name}': more than {} bytes", Username::MAX))
            .cause("IPMI has no room for more, and nothing is ever cut")
    })?;
    Ok((username, name))
}

fn suites(globals: &Globals) -> Result<Vec<CipherSuite>, Error> {
    if globals.cipher_suites.is_empty() {
        return Ok(vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3]);
    }
    let weakness = |suite: &CipherSuite| {
        let why = match suite {
            suite if !suite.protects_payloads() => {
                "does not protect what it carries: it leaves out encryption, integrity, or even \
                 the password"
            }
            suite if uses_md5(*suite) => "protects what it carries with MD5, which is broken",
            _ => return None,
        };
        Some(format!("{suite} {why}"))
    };
    match globals.cipher_suites.iter().find_map(weakness) {
        Some(weakness) if !globals.allow_insecure_suites => Err(Error::usage(weakness)
            .next("use 17 or 3; if this is a test, add --allow-insecure-suites")),
        _ => Ok(globals.cipher_suites.clone()),
    }
}

fn uses_md5(suite: CipherSuite) -> bool {
    suite.algorithms().is_some_and(|algorithms| {
        algorithms.authentication == AuthenticationAlgorithm::HmacMd5
            || matches!(
                algorithms.integrity,
                IntegrityAlgorithm::HmacMd5_128 | IntegrityAlgorithm::Md5_128
            )
    })
}

/// IPMI 1.5 is never fallen back to: it is the user's word, and then it is all that is tried.
fn protocol(globals: &Globals) -> Result<Protocol, Error> {
    let Globals { allow_ipmi15, auth_types, cipher_suites, .. } = globals;
    if !allow_ipmi15 {
        return match auth_types.is_empty() {
            true => Ok(Protocol::RmcpPlus),
            false => Err(Error::usage("-A is for IPMI 1.5, which encrypts nothing")
                .cause("whoever listens reads all that is said, and may find out the password")
                .next("leave out -A; if this BMC speaks nothing else, add --allow-ipmi15")),
        };
    }
    if !cipher_suites.is_empty() {
        return Err(
            Error::usage("IPMI 1.5 knows no cipher suites").next("leave out -C, or --allow-ipmi15")
        );
    }
    Ok(Protocol::Ipmi15(match auth_types.as_slice() {
        [] => vec![AuthType::Md5, AuthType::Md2],
        words => words.iter().map(|word| AuthType::from(*word)).collect(),
    }))
}

/// What the BMC is known for; whether what was learned of it counts.
fn workarounds(globals: &Globals) -> Result<(Quirks, bool), Error> {
    let none = globals.workarounds.contains(&Workaround::None);
    if none && globals.workarounds.len() > 1 {
        return Err(Error::usage("--workaround none cannot stand beside others"));
    }
    let quirk = |word: &Workaround| match word {
        Workaround::None => None,
        Workaround::Quirk(quirk) => Some(*quirk),
    };
    Ok((globals.workarounds.iter().filter_map(quirk).collect(), !none))
}
