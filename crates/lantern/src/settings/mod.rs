//! What holds for one host: the command line over the environment over `lantern.toml`, and where
//! each value is from. Nothing is looked up, asked or fetched here.

mod protocol;
mod way;

use std::fmt;
use std::time::Duration;

use ipmi_client::{Credentials, Habits, Protocol, Quirks, Timing, Window};
use ipmi_wire::Privilege;
use ipmi_wire::bridge::Route;
use ipmi_wire::session::{AuthType, CipherSuite, Username};
use lantern_config::words::{Habit, Workaround};
use lantern_config::{Config, Entry, Origin, Value};

use crate::cli::Globals;
use crate::connect::Needs;
use crate::error::Error;
use crate::secret::{Purse, Source, kg_given, password_given};
use crate::target::{DEFAULT_PORT, Target};
use protocol::{ipmi15, weakness};
use way::way;
pub(crate) use way::{source, typed_way};

/// How long a login or a request may take: a dead host ends within five seconds in all.
pub(crate) const DEADLINE: Duration = Duration::from_millis(4900);

/// Where a value is from, the strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whence {
    Option(&'static str),
    Variable(&'static str),
    File(Origin),
    BuiltIn,
}

impl fmt::Display for Whence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
            Self::File(origin) => origin.fmt(f),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}

/// A value, and where it is from.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<T> {
    pub(crate) value: T,
    pub(crate) whence: Whence,
}

impl<T> Chosen<T> {
    const fn typed(value: T, name: &'static str) -> Self {
        Self { value, whence: Whence::Option(name) }
    }

    /// What was typed, else what the files say, else what is always so.
    fn pick(typed: Option<Self>, filed: Option<Value<T>>, built_in: impl FnOnce() -> T) -> Self {
        typed
            .or_else(|| filed.map(Self::filed))
            .unwrap_or_else(|| Self { value: built_in(), whence: Whence::BuiltIn })
    }

    fn filed(value: Value<T>) -> Self {
        Self { value: value.value, whence: Whence::File(value.origin) }
    }
}

/// A secret that is still where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) source: Source,
    pub(crate) whence: Whence,
    /// Its name in `lantern.toml`.
    pub(crate) credential: Option<String>,
}

/// All that a login to one host takes. No secret is in it.
#[derive(Clone, Debug)]
pub(crate) struct HostSettings {
    /// As it was asked for, without a port.
    pub(crate) name: String,
    pub(crate) address: Chosen<String>,
    pub(crate) port: Chosen<u16>,
    pub(crate) user: Option<Chosen<String>>,
    pub(crate) password: Wanted,
    pub(crate) kg: Option<Wanted>,
    /// What the command needs, unless something else is said.
    pub(crate) privilege: Option<Chosen<Privilege>>,
    pub(crate) suites: Chosen<Vec<CipherSuite>>,
    pub(crate) allow_insecure_suites: Chosen<bool>,
    /// Authentication types of IPMI 1.5, if that is what is spoken.
    pub(crate) ipmi15: Option<Chosen<Vec<AuthType>>>,
    pub(crate) workarounds: Chosen<Vec<Workaround>>,
    pub(crate) refuses_replays: Chosen<bool>,
    /// The way to the controller that is meant, if that is not the BMC.
    pub(crate) route: Option<Chosen<Route>>,
    /// How many requests may be in flight; as many as the BMC has proven to cope with, if nothing is
    /// said.
    pub(crate) window: Chosen<Option<u8>>,
    pub(crate) deadline: Chosen<Duration>,
    pub(crate) cache: Chosen<bool>,
}

/// What holds for the host that `text` names: HOST or HOST:PORT, by its name in `lantern.toml` or
/// by its own.
pub(crate) fn settings_for(
    globals: &Globals,
    config: &Config,
    text: &str,
) -> Result<HostSettings, Error> {
    let (name, own_port) = Target::parts(text)?;
    let entry = config.of_host(name).entry;
    let (address, address_port) = address(name, &entry)?;
    let typed_port = own_port.map(|port| Chosen::typed(port, "-H"));
    let typed_port = typed_port.or(globals.port.map(|port| Chosen::typed(port, "-p")));
    let port = Chosen::pick(typed_port.or(address_port), entry.port.clone(), || DEFAULT_PORT);
    let user = user(globals, &entry);
    let password = password(globals, config, &entry, name, user.as_ref())?;
    let kg = kg(globals, config, &entry, name)?;
    let typed_suites = Some(&globals.cipher_suites).filter(|suites| !suites.is_empty());
    let workarounds = Some(&globals.workarounds).filter(|names| !names.is_empty());
    let flag = |on: bool, name| on.then(|| Chosen::typed(true, name));
    let settings = HostSettings {
        name: name.to_owned(),
        address,
        port,
        user,
        password,
        kg,
        privilege: globals
            .privilege
            .map(|privilege| Chosen::typed(privilege, "-L"))
            .or_else(|| entry.privilege.clone().map(Chosen::filed)),
        suites: Chosen::pick(
            typed_suites.map(|suites| Chosen::typed(suites.clone(), "-C")),
            entry.suites.clone(),
            || vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
        ),
        allow_insecure_suites: Chosen::pick(
            flag(globals.allow_insecure_suites, "--allow-insecure-suites"),
            entry.allow_insecure_suites.clone(),
            || false,
        ),
        ipmi15: ipmi15(globals, &entry)?,
        workarounds: Chosen::pick(
            workarounds.map(|names| Chosen::typed(names.clone(), "--workaround")),
            entry.workarounds.clone(),
            Vec::new,
        ),
        refuses_replays: Chosen::pick(
            flag(globals.refuses_replays, "--refuses-replays"),
            entry.refuses_replays.clone(),
            || false,
        ),
        route: way(globals, &entry)?,
        window: Chosen::pick(
            globals.window.map(|window| Chosen::typed(Some(window), "--window")),
            entry
                .window
                .clone()
                .map(|Value { value, origin }| Value { value: Some(value), origin }),
            || None,
        ),
        deadline: Chosen::pick(
            globals.deadline.map(|deadline| Chosen::typed(deadline, "--deadline")),
            entry.deadline.clone(),
            || DEADLINE,
        ),
        cache: Chosen::pick(
            globals.no_cache.then(|| Chosen::typed(false, "--no-cache")),
            entry.cache.clone(),
            || true,
        ),
    };
    settings.check()?;
    Ok(settings)
}

/// Says this of a BMC.
pub(crate) const fn set_habit(habits: &mut Habits, habit: Habit) {
    match habit {
        Habit::IgnoreScanningDisabled => habits.ignore_scanning_disabled = true,
        Habit::AssumeBmcOwner => habits.assume_bmc_owner = true,
        Habit::SlowCommit => habits.slow_commit = true,
    }
}

impl HostSettings {
    /// Where it is.
    pub(crate) fn target(&self) -> Target {
        Target::new(&*self.address.value, self.port.value)
    }

    /// Whether what was learned of the BMC counts: not if the suites were named.
    pub(crate) fn learns(&self) -> bool {
        self.suites.whence == Whence::BuiltIn
            && self.ipmi15.is_none()
            && !self.workarounds.value.contains(&Workaround::None)
    }

    /// What a login takes, with its secrets, which are fetched now. No more privilege is asked for
    /// than `needs` says.
    pub(crate) fn credentials(
        &self,
        needs: Needs,
        purse: &mut Purse<'_>,
    ) -> Result<Credentials, Error> {
        let (username, name) = self.username()?;
        let host = &self.name;
        // The key first: if it is missing, nobody need type a password.
        let kg = self.kg.as_ref().map(|kg| kg.told(purse.kg(&kg.source, host))).transpose()?;
        let whose = match &self.password.credential {
            Some(credential) => format!("credential '{credential}'"),
            None => format!("{name} on {host}"),
        };
        let password = self.password.told(purse.password(&self.password.source, &whose))?;
        let workarounds = &self.workarounds.value;
        let quirk = |word: &Workaround| match word {
            Workaround::Quirk(quirk) => Some(*quirk),
            _ => None,
        };
        let quirks: Quirks = workarounds.iter().filter_map(quirk).collect();
        let mut habits = Habits::default();
        for workaround in workarounds {
            if let Workaround::Habit(habit) = workaround {
                set_habit(&mut habits, *habit);
            }
        }
        tracing::debug!(
            host,
            address = self.address.value,
            user = name,
            password = %self.password.source,
            password_from = %self.password.whence,
            "settings"
        );
        Ok(Credentials {
            username,
            password,
            kg,
            privilege: self.privilege.as_ref().map_or(needs.wanted, |privilege| privilege.value),
            makes_do: needs.makes_do.filter(|_| self.privilege.is_none()),
            name_only_lookup: true,
            suites: self.suites.value.clone(),
            timing: Timing { deadline: self.deadline.value, ..Timing::default() },
            protocol: match &self.ipmi15 {
                Some(types) => Protocol::Ipmi15(types.value.clone()),
                None => Protocol::RmcpPlus,
            },
            workarounds: quirks,
            refuses_replays: self.refuses_replays.value,
            window: self.window.value.map_or(Window::Auto, Window::UpTo),
            habits,
        })
    }

    /// The user, and how to write the name.
    pub(crate) fn username(&self) -> Result<(Username, &str), Error> {
        let Some(Chosen { value: name, .. }) = &self.user else {
            return Err(Error::usage("no user was named").next(
                "say who logs in: -U USER, LANTERN_USER, or user in lantern.toml; the null user is \
                 -U ''",
            ));
        };
        let username = Username::new(name.as_bytes()).ok_or_else(|| {
            Error::usage(format!("user '{name}': more than {} bytes", Username::MAX))
                .cause("IPMI has no room for more, and nothing is ever cut")
        })?;
        Ok((username, name))
    }

    /// What cannot be, whatever the BMC.
    fn check(&self) -> Result<(), Error> {
        let workarounds = &self.workarounds.value;
        if workarounds.contains(&Workaround::None) && workarounds.len() > 1 {
            return Err(Error::usage("--workaround none cannot stand beside others"));
        }
        if self.ipmi15.is_some() {
            return Ok(());
        }
        match self.suites.value.iter().find_map(weakness) {
            Some(weakness) if !self.allow_insecure_suites.value => {
                let weakness = match &self.suites.whence {
                    Whence::File(origin) => format!("{origin}: {weakness}"),
                    _ => weakness,
                };
                Err(Error::usage(weakness)
                    .next("use 17 or 3; if this is a test, add --allow-insecure-suites"))
            }
            _ => Ok(()),
        }
    }
}

impl Wanted {
    /// Says where a secret is said to be that was not to be had.
    fn told<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match (outcome, &self.credential, &self.whence) {
            (Err(Error::Told(mut report)), Some(name), Whence::File(origin)) => {
                report.message = format!("{origin}: credential '{name}': {}", report.message);
                Err(Error::Told(report))
            }
            (outcome, ..) => outcome,
        }
    }
}

/// The name itself, or what the files have as its address, with the port in it, if there is one.
fn address(name: &str, entry: &Entry) -> Result<(Chosen<String>, Option<Chosen<u16>>), Error> {
    let Some(Value { value, origin }) = &entry.address else {
        return Ok((Chosen::typed(name.to_owned(), "-H"), None));
    };
    let from = || Whence::File(origin.clone());
    let (host, port) = Target::parts(value)
        .map_err(|_| Error::usage(format!("{origin}: '{value}' is not an address")))?;
    let port = port.map(|port| Chosen { value: port, whence: from() });
    Ok((Chosen { value: host.to_owned(), whence: from() }, port))
}

fn user(globals: &Globals, entry: &Entry) -> Option<Chosen<String>> {
    const NAME: &str = "LANTERN_USER";
    let from_environment = || {
        let user = std::env::var(NAME).ok().filter(|user| !user.is_empty())?;
        Some(Chosen { value: user, whence: Whence::Variable(NAME) })
    };
    let typed = globals.user.clone().map(|user| Chosen::typed(user, "-U"));
    typed.or_else(from_environment).or_else(|| entry.user.clone().map(Chosen::filed))
}

fn password(
    globals: &Globals,
    config: &Config,
    entry: &Entry,
    host: &str,
    user: Option<&Chosen<String>>,
) -> Result<Wanted, Error> {
    if let Some((source, name)) = password_given(globals)? {
        return Ok(Wanted { source, whence: given(name), credential: None });
    }
    Ok(match filed(config, entry.credential.as_ref(), host)? {
        Some(wanted) => wanted,
        None => {
            let user = user.map_or_else(String::new, |user| user.value.clone());
            Wanted { source: Source::Ask(user), whence: Whence::BuiltIn, credential: None }
        }
    })
}

fn kg(
    globals: &Globals,
    config: &Config,
    entry: &Entry,
    host: &str,
) -> Result<Option<Wanted>, Error> {
    match kg_given(globals) {
        Some((source, name)) => Ok(Some(Wanted { source, whence: given(name), credential: None })),
        None => filed(config, entry.kg.as_ref(), host),
    }
}

/// An option, or a variable.
fn given(name: &'static str) -> Whence {
    if name.starts_with('-') { Whence::Option(name) } else { Whence::Variable(name) }
}

/// Where the files have a secret.
fn filed(
    config: &Config,
    name: Option<&Value<String>>,
    host: &str,
) -> Result<Option<Wanted>, Error> {
    let Some((name, credential)) =
        name.and_then(|name| Some((name, config.credentials.get(&name.value)?)))
    else {
        return Ok(None);
    };
    let home = std::env::home_dir();
    let kept = credential.kept.of_host(host, home.as_deref()).map_err(|why| {
        Error::usage(format!("{}: credential '{}': {why}", credential.origin, name.value))
    })?;
    let source = match kept {
        // Two of them are two questions.
        lantern_config::Kept::Prompt => Source::Ask(format!("credential {}", name.value)),
        kept => Source::Kept(kept),
    };
    let whence = Whence::File(credential.origin.clone());
    Ok(Some(Wanted { source, whence, credential: Some(name.value.clone()) }))
}
