//! From options and `lantern.toml` to a session: whom to talk to, as whom, how; or to the machine's own
//! BMC, which takes none.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipmi_client::local::Machine;
use ipmi_client::{Agreed, Bmc, Cache, Cause, Credentials, Endpoint, SessionInfo, Window};
use ipmi_wire::Privilege;
use ipmi_wire::bridge::Route;
use ipmi_wire::session::CipherSuite;
use lantern_config::Config;
use lantern_config::words::Workaround;

use crate::cli::Globals;
use crate::codes::Code;
use crate::error::{Error, Exit};
use crate::learned::{Notebook, cache_directory};
use crate::local::{self, LocalBmc};
use crate::output::Voice;
use crate::secret::Purse;
use crate::settings::{set_habit, settings_for, source, typed_way};
use crate::target::{Target, Whom};

/// How to log in to a BMC, wherever it is.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    credentials: Credentials,
    /// The user named the suites, or wants nothing that was learned, so nothing is remembered and
    /// nothing is tried before them.
    suites_given: bool,
    /// Where sensor data records are kept.
    cache: Option<Cache>,
    /// The way to the controller that is meant, if that is not the BMC.
    route: Option<Route>,
}

/// All that a login takes. Nothing was sent yet.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    way: Way,
    login: Login,
    voice: Voice<'a>,
}

/// How the BMC is reached.
#[derive(Clone, Debug)]
enum Way {
    Lan {
        address: SocketAddr,
        source: (Option<IpAddr>, u16),
    },
    /// The machine's own.
    Local(LocalBmc),
}

/// What was learned of BMCs, for all that are logged in to in this run.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Mutex<Notebook>>);

/// A BMC within reach.
#[derive(Debug)]
pub(crate) struct Console<'a> {
    pub(crate) bmc: Bmc,
    /// `None` if it is the machine's own BMC.
    endpoint: Option<Endpoint>,
    /// `None` if the user named the suites, and of the machine's own BMC.
    memory: Option<Memory>,
    /// The suite that is tried first although it is not the best, because of what was learned.
    lesser: Option<CipherSuite>,
    voice: Voice<'a>,
}

/// What is known of hosts: what was typed holds for all, `lantern.toml` for each.
pub(crate) trait Hosts {
    /// The group of this name, as the nodesets in it.
    fn group(&self, name: &str) -> Result<Option<Vec<String>>, String>;

    /// Where the host of this name is, and how to log in there. May ask for the password.
    fn of(&self, name: &str) -> Result<(Target, Login), Error>;

    /// The socket that they are spoken to from.
    fn bind(&self) -> Result<Endpoint, Error> {
        bind((None, 0))
    }
}

/// The privilege that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// For all that it does.
    pub(crate) wanted: Privilege,
    /// For enough of it, if the user has no more: the rest is told to be missing.
    pub(crate) makes_do: Option<Privilege>,
}

impl From<Privilege> for Needs {
    fn from(wanted: Privilege) -> Self {
        Self { wanted, makes_do: None }
    }
}

/// What this run knows of hosts, for a command that needs a certain privilege.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    globals: &'a Globals,
    config: &'a Config,
    needs: Needs,
    purse: RefCell<Purse<'a>>,
    /// One for all: it bounds how many of its files are open.
    cache: Option<Cache>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(
        globals: &'a Globals,
        config: &'a Config,
        needs: impl Into<Needs>,
        voice: Voice<'a>,
    ) -> Self {
        let needs = needs.into();
        let purse = RefCell::new(Purse::new(globals, voice));
        Self { globals, config, needs, purse, cache: cache_directory().map(Cache::at) }
    }
}

impl Hosts for Known<'_> {
    fn group(&self, name: &str) -> Result<Option<Vec<String>>, String> {
        Ok(self
            .config
            .groups
            .get(name)
            .map(|group| group.members.iter().map(|member| member.value.clone()).collect()))
    }

    fn of(&self, name: &str) -> Result<(Target, Login), Error> {
        let settings = settings_for(self.globals, self.config, name)?;
        // Many BMCs let only administrators send messages on (ipmi_sim, over a transit).
        let needs = match settings.route {
            Some(_) => self.needs.wanted.max(Privilege::Administrator).into(),
            None => self.needs,
        };
        let credentials = settings.credentials(needs, &mut self.purse.borrow_mut())?;
        let suites_given = !settings.learns();
        let cache = self.cache.clone().filter(|_| settings.cache.value);
        let route = settings.route.as_ref().map(|route| route.value);
        Ok((settings.target(), Login { credentials, suites_given, cache, route }))
    }

    fn bind(&self) -> Result<Endpoint, Error> {
        bind(source(self.globals, self.config))
    }
}

impl Login {
    /// The same with this much time for a login, and for each request.
    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.credentials.timing.deadline = deadline;
        self
    }

    /// How long it may take, and each request.
    pub(crate) const fn deadline(&self) -> Duration {
        self.credentials.timing.deadline
    }

    /// The handle with its cache, and with its way to whom is meant.
    fn finish(&self, mut bmc: Bmc) -> Bmc {
        if let Some(cache) = &self.cache {
            bmc = bmc.with_cache(cache);
        }
        if let Some(route) = self.route {
            tracing::info!(bmc = %bmc.location(), "every command is for the controller {route}");
            bmc = bmc.behind(route);
        }
        bmc
    }

    /// For the machine's own BMC, where nobody logs in.
    fn without_credentials(globals: &Globals) -> Result<Self, Error> {
        let unfit = || Error::usage("the null user does not fit a login");
        let mut credentials = Credentials::new(b"", b"").ok_or_else(unfit)?;
        credentials.timing.deadline = globals.deadline.unwrap_or(local::PATIENCE);
        if let Some(window) = globals.window {
            credentials.window = Window::UpTo(window);
        }
        for workaround in &globals.workarounds {
            if let Workaround::Habit(habit) = workaround {
                set_habit(&mut credentials.habits, *habit);
            }
        }
        let cache = cache_directory().map(Cache::at).filter(|_| !globals.no_cache);
        let route = typed_way(globals)?;
        Ok(Self { credentials, suites_given: true, cache, route })
    }

    /// What was learned of all BMCs.
    fn memory(&self) -> Option<Memory> {
        (!self.suites_given).then(Memory::load)
    }
}

impl<'a> Plan<'a> {
    /// What the options and `lantern.toml` mean for whom they name, and a command that needs the
    /// privilege `needs`. May ask for the password.
    pub(crate) fn new(
        globals: &'a Globals,
        config: &'a Config,
        whom: &Whom,
        needs: impl Into<Needs>,
        voice: Voice<'a>,
    ) -> Result<Self, Error> {
        let host = match whom {
            Whom::Host(host) => host,
            Whom::Local(bmc) => {
                let login = Login::without_credentials(globals)?;
                return Ok(Self { way: Way::Local(bmc.clone()), login, voice });
            }
        };
        // Before anybody types a password in vain.
        let settings = settings_for(globals, config, host)?;
        settings.username()?;
        let address = settings.target().resolve()?;
        let (_, login) = Known::new(globals, config, needs, voice).of(host)?;
        let way = Way::Lan { address, source: source(globals, config) };
        Ok(Self { way, login, voice })
    }

    /// The same for another privilege.
    pub(crate) fn for_privilege(mut self, privilege: Privilege) -> Self {
        // Who may open the device may do all.
        if matches!(self.way, Way::Lan { .. }) {
            self.login.credentials.privilege = privilege;
        }
        self
    }

    /// A handle to the BMC. Has to be called inside a tokio runtime.
    pub(crate) fn start(self) -> Result<Console<'a>, Error> {
        match &self.way {
            Way::Lan { address, source } => {
                let endpoint = bind(*source)?;
                let memory = self.login.memory();
                Ok(Console::at(*address, self.login, self.voice, endpoint, memory))
            }
            Way::Local(bmc) => {
                let device = bmc.open(&Machine::default())?;
                let bmc = Bmc::local(&device, self.login.credentials.clone());
                let bmc = self.login.finish(bmc);
                Ok(Console { bmc, endpoint: None, memory: None, lesser: None, voice: self.voice })
            }
        }
    }
}

/// The socket that all goes through.
fn bind((address, port): (Option<IpAddr>, u16)) -> Result<Endpoint, Error> {
    Endpoint::bind_to(address, port).map_err(|error| {
        if address.is_none() && port == 0 {
            return ipmi_client::Error::from(error).into();
        }
        let of = match (address, port) {
            (Some(address), 0) => format!("source address {address}"),
            (Some(address), port) => format!("source address {address}, port {port}"),
            (None, port) => format!("source port {port}"),
        };
        Error::told(Exit::NoSession, format!("{of}: {error}"))
            .code(Code::from(Cause::ThisMachine))
            .cause(
                "this machine does not have the address, somebody else has the port, or a port \
                 below 1024 takes more rights",
            )
            .next(
                "see 'ip address' and 'ss -lunp'; or leave --source-address and --source-port out",
            )
    })
}

impl Memory {
    /// What was learned in earlier runs.
    pub(crate) fn load() -> Self {
        Self(Arc::new(Mutex::new(Notebook::load())))
    }

    /// A handle that knows what was learned of its BMC; and the suite that is tried first for that reason,
    /// although there are better ones among `suites`.
    pub(crate) fn recall(
        &self,
        endpoint: &Endpoint,
        bmc: Bmc,
        address: SocketAddr,
        suites: &[CipherSuite],
    ) -> (Bmc, Option<CipherSuite>) {
        let notebook = self.notebook();
        // One that is not to be used is not used for being remembered.
        let suite = notebook.suite(address).filter(|suite| suites.contains(suite));
        if let Some(suite) = suite {
            tracing::info!(bmc = %address, "{suite} is tried first: a better one was refused before");
            endpoint.remember(address, suite);
        }
        let lesser = suite.filter(|suite| suites.first() != Some(suite));
        (bmc.with_learned(notebook.recall(address)), lesser)
    }

    /// Keeps which suite a BMC took, if it refused a better one; and if it takes the best, forgets that it
    /// ever did not.
    pub(crate) fn take_note_of_suite(&self, bmc: &Bmc, info: &SessionInfo) {
        let Some(address) = bmc.address() else { return };
        match info.agreed.and_then(Agreed::suite) {
            Some(CipherSuite::SUITE_17) => self.notebook().learn_suite(address, None),
            suite if !info.refused.is_empty() => {
                self.notebook().learn_suite(address, suite);
            }
            _ => {}
        }
    }

    /// Keeps what else was learned of a BMC.
    pub(crate) fn learn(&self, bmc: &Bmc) {
        if let Some(address) = bmc.address() {
            self.notebook().learn(address, &bmc.learned());
        }
    }

    fn notebook(&self) -> MutexGuard<'_, Notebook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps it for the next run.
    pub(crate) fn save(&self) {
        self.notebook().save();
    }
}

impl<'a> Console<'a> {
    /// A handle to the BMC at `address`, by an endpoint that others may share.
    pub(crate) fn at(
        address: SocketAddr,
        login: Login,
        voice: Voice<'a>,
        endpoint: Endpoint,
        memory: Option<Memory>,
    ) -> Self {
        let memory = memory.filter(|_| !login.suites_given);
        let mut bmc = Bmc::new(&endpoint, address, login.credentials.clone());
        let mut lesser = None;
        if let Some(memory) = &memory {
            let suites = &login.credentials.suites;
            (bmc, lesser) = memory.recall(&endpoint, bmc, address, suites);
        }
        let bmc = login.finish(bmc);
        Self { bmc, endpoint: Some(endpoint), memory, lesser, voice }
    }

    /// Logs in.
    pub(crate) async fn log_in(&mut self) -> Result<SessionInfo, Error> {
        let info = self.bmc.connect().await?;
        let Some(agreed) = info.agreed else { return Ok(info) };
        let bmc = self.bmc.location();
        tracing::info!(%bmc, privilege = %self.bmc.privilege(), "logged in, {agreed}");
        if let Some((last, status)) = info.refused.last() {
            let others = info.refused.len().saturating_sub(1);
            let others = if others > 0 { format!(" and {others} more") } else { String::new() };
            self.voice.note(&format!("{last}{others} was refused ({status}), using {agreed}"));
        } else if let Some(lesser) = self.lesser.filter(|suite| agreed.suite() == Some(*suite)) {
            self.voice.note(&format!(
                "{lesser} is used: a better one was refused within the last hour, and is tried again after \
                 that, or at once after 'config learned --forget'"
            ));
        }
        if let Some(memory) = &self.memory {
            memory.take_note_of_suite(&self.bmc, &info);
        }
        Ok(info)
    }

    /// Keeps what was learned of the BMC, for the rest of this run and, once that is saved, the next.
    pub(crate) fn take_note(&self) {
        if let Some(memory) = &self.memory {
            memory.learn(&self.bmc);
        }
    }

    /// Gives the BMC its session back, without waiting for its consent.
    pub(crate) async fn end(self) {
        self.take_note();
        if let Some(endpoint) = &self.endpoint {
            endpoint.shutdown().await;
            let (sent, received) = endpoint.datagrams();
            tracing::debug!(sent, received, "datagrams in all");
        }
        if let Some(memory) = &self.memory {
            memory.save();
        }
    }
}
