//! What can be said of a host: the same words in `[defaults]`, `[hosts.NAME]` and
//! `[profiles.NAME]`.

use std::time::Duration;

use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::file::Reader;
use crate::origin::{Origin, Value};
use crate::words::{self, Source, Workaround};

/// Where an entry stands, which decides what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Defaults,
    Host { is_name: bool },
    Profile,
}

/// What results look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Form {
    Table,
    Json,
    Jsonl,
    Csv,
    Yaml,
}

/// A value as it can be shown.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Shown {
    Yes(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
}

/// A value with its name, for whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The key in the file.
    pub key: &'static str,
    /// The value.
    pub value: Shown,
    /// Where it is from.
    pub origin: Origin,
}

macro_rules! entry {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// What is said of a host, or of many.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Entry { $($(#[$doc])* pub $name: Option<Value<$type>>,)* }

        impl Entry {
            /// Lays `over` over this: what it says counts, what it does not say stays.
            pub fn lay(&mut self, over: &Self) {
                $(if over.$name.is_some() {
                    self.$name.clone_from(&over.$name);
                })*
            }

            /// All that is said.
            #[must_use]
            pub fn rows(&self) -> Vec<Row> {
                let mut rows = Vec::new();
                $(if let Some(Value { value, origin }) = &self.$name {
                    let (value, origin) = (Show::shown(value), origin.clone());
                    rows.push(Row { key: stringify!($name), value, origin });
                })*
                rows
            }
        }
    };
}

entry! {
    /// Host name or address, with a port or without.
    address: String,
    /// UDP port, where the address has none.
    port: u16,
    /// User name.
    user: String,
    /// Which credential the password is.
    credential: String,
    /// Which credential is the BMC's `K_g`.
    kg: String,
    /// Which profile holds for the rest.
    profile: String,
    /// Privilege level to ask for.
    privilege: Privilege,
    /// Cipher suites to try, in this order.
    suites: Vec<CipherSuite>,
    /// Whether suites that do not protect what they carry are allowed.
    allow_insecure_suites: bool,
    /// Whether to log in by IPMI 1.5.
    allow_ipmi15: bool,
    /// Authentication types of IPMI 1.5.
    auth_types: Vec<AuthType>,
    /// Departures from the specification.
    workarounds: Vec<Workaround>,
    /// Whether the BMC drops a packet that it has seen.
    refuses_replays: bool,
    /// Slave address of a controller behind the BMC.
    target_address: u8,
    /// The channel that it is on.
    target_channel: u8,
    /// Slave address of a controller between the two.
    transit_address: u8,
    /// The channel that this one is on.
    transit_channel: u8,
    /// The requester's address on the bus.
    local_address: u8,
    /// How many requests may be in flight.
    window: u8,
    /// How long a login or a request may take.
    deadline: Duration,
    /// Whether sensor records are kept on this machine.
    cache: bool,
    /// What results look like.
    output: Form,
    /// The address of this machine that packets are from.
    source_address: Source,
    /// The UDP port that they are from.
    source_port: u16,
}

/// For all hosts, where nothing else is said.
const DEFAULTS: &[&str] = &[
    "port",
    "user",
    "credential",
    "kg",
    "profile",
    "privilege",
    "suites",
    "workarounds",
    "refuses_replays",
    "window",
    "deadline",
    "cache",
    "output",
    "source_address",
    "source_port",
];
/// Of one host, or of those that a pattern stands for.
const HOST: &[&str] = &[
    "address",
    "port",
    "user",
    "credential",
    "kg",
    "profile",
    "privilege",
    "suites",
    "allow_insecure_suites",
    "allow_ipmi15",
    "auth_types",
    "workarounds",
    "refuses_replays",
    "target_address",
    "target_channel",
    "transit_address",
    "transit_channel",
    "local_address",
    "window",
    "deadline",
    "cache",
];
/// Of a kind of machine.
const PROFILE: &[&str] = &[
    "port",
    "user",
    "credential",
    "kg",
    "privilege",
    "suites",
    "allow_insecure_suites",
    "allow_ipmi15",
    "auth_types",
    "workarounds",
    "refuses_replays",
    "target_address",
    "target_channel",
    "transit_address",
    "transit_channel",
    "local_address",
    "window",
    "deadline",
    "cache",
];

impl Kind {
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Defaults => DEFAULTS,
            Self::Host { .. } => HOST,
            Self::Profile => PROFILE,
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Defaults => "a key of [defaults]",
            Self::Host { .. } => "a key of [hosts.NAME]",
            Self::Profile => "a key of [profiles.NAME]",
        }
    }
}

impl Entry {
    pub(crate) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>, kind: Kind) -> Self {
        let mut entry = Self::default();
        for (key, value) in reader.in_order(table) {
            let name = key.get_ref().as_ref();
            if kind.keys().contains(&name) {
                entry.take(reader, name, value, kind);
            } else if kind == Kind::Defaults && HOST.contains(&name) {
                let why = format!("'{name}' is for [hosts.NAME] and [profiles.NAME]: not for all");
                reader.mistake(key.span(), why);
            } else {
                reader.unknown_key(key, kind.what(), kind.keys());
            }
        }
        entry
    }

    fn take(
        &mut self,
        reader: &mut Reader<'_>,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        kind: Kind,
    ) {
        match name {
            "address" => self.address = reader.word(value, |text| address(text, kind)),
            "window" => self.window = in_range(reader, value, 1, 16),
            "port" => self.port = in_range(reader, value, 1, u16::MAX.into()),
            "target_address" => self.target_address = slave_address(reader, value),
            "target_channel" => self.target_channel = in_range(reader, value, 0, 15),
            "transit_address" => self.transit_address = slave_address(reader, value),
            "transit_channel" => self.transit_channel = in_range(reader, value, 0, 15),
            "local_address" => self.local_address = in_range(reader, value, 1, 255),
            "source_address" => self.source_address = reader.word(value, words::source),
            "source_port" => self.source_port = in_range(reader, value, 1, u16::MAX.into()),
            "user" => self.user = reader.word(value, user),
            "credential" => self.credential = reader.word(value, named),
            "kg" => self.kg = reader.word(value, named),
            "profile" => self.profile = reader.word(value, named),
            "privilege" => self.privilege = reader.word(value, words::privilege),
            "suites" => self.suites = reader.list(value, suite),
            "allow_insecure_suites" => self.allow_insecure_suites = reader.boolean(value),
            "allow_ipmi15" => self.allow_ipmi15 = reader.boolean(value),
            "auth_types" => {
                self.auth_types =
                    reader.list(value, |reader, item| reader.word(item, words::auth_type));
            }
            "workarounds" => {
                self.workarounds =
                    reader.list(value, |reader, item| reader.word(item, words::workaround));
                let mixed = self.workarounds.as_ref().is_some_and(|list| {
                    list.value.len() > 1 && list.value.contains(&Workaround::None)
                });
                if mixed {
                    reader.mistake(value.span(), "\"none\" cannot stand beside others");
                }
            }
            "refuses_replays" => self.refuses_replays = reader.boolean(value),
            "deadline" => self.deadline = seconds(reader, value),
            "cache" => self.cache = reader.boolean(value),
            "output" => self.output = reader.word(value, form),
            _ => {}
        }
    }
}

/// What stands for the host's own name.
pub(crate) const HOST_NAME: &str = "{host}";

fn address(text: &str, kind: Kind) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err("an address is a host name or an IP address, with :PORT or without".to_owned());
    }
    match kind {
        Kind::Host { is_name: false } if !text.contains(HOST_NAME) => Err(format!(
            "many hosts with one address would be one BMC: write {HOST_NAME} where the name goes, \
             as in \"{HOST_NAME}.mgmt.example\""
        )),
        _ => Ok(text.to_owned()),
    }
}

fn user(text: &str) -> Result<String, String> {
    match ipmi_wire::session::Username::new(text.as_bytes()) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!(
            "a user's name has at most {} bytes: IPMI has no room for more, and nothing is cut",
            ipmi_wire::session::Username::MAX
        )),
    }
}

fn named(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("a name is due here".to_owned()),
        false => Ok(text.to_owned()),
    }
}

fn in_range<T: TryFrom<u32>>(
    reader: &mut Reader<'_>,
    value: &Spanned<DeValue<'_>>,
    least: u32,
    most: u32,
) -> Option<Value<T>> {
    let Value { value, origin } = reader.number(value, least, most)?;
    T::try_from(value).ok().map(|value| Value { value, origin })
}

fn slave_address(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Value<u8>> {
    let Value { value: number, origin } = in_range(reader, value, 0, 255)?;
    match words::slave_address(number) {
        Ok(value) => Some(Value { value, origin }),
        Err(why) => {
            reader.mistake(value.span(), why);
            None
        }
    }
}

fn suite(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Value<CipherSuite>> {
    let Value { value: number, origin } = reader.number(value, 0, 255)?;
    match words::suite(&number.to_string()) {
        Ok(value) => Some(Value { value, origin }),
        Err(why) => {
            reader.mistake(value.span(), why);
            None
        }
    }
}

/// A time, as a number of seconds.
pub(crate) fn seconds(
    reader: &mut Reader<'_>,
    value: &Spanned<DeValue<'_>>,
) -> Option<Value<Duration>> {
    let Value { value: number, origin } = reader.float(value)?;
    let time = words::in_range(number);
    if time.is_none() {
        reader.mistake(value.span(), format!("a time is {}", words::SECONDS));
    }
    time.map(|value| Value { value, origin })
}

fn form(text: &str) -> Result<Form, String> {
    Ok(match text {
        "table" => Form::Table,
        "json" => Form::Json,
        "jsonl" => Form::Jsonl,
        "csv" => Form::Csv,
        "yaml" => Form::Yaml,
        _ => return Err("\"table\", \"json\", \"jsonl\", \"csv\" or \"yaml\"".to_owned()),
    })
}

/// How a value is shown: as it would be written.
trait Show {
    fn shown(&self) -> Shown;
}

impl Show for String {
    fn shown(&self) -> Shown {
        Shown::Text(self.clone())
    }
}

impl Show for bool {
    fn shown(&self) -> Shown {
        Shown::Yes(*self)
    }
}

impl Show for u8 {
    fn shown(&self) -> Shown {
        Shown::Number((*self).into())
    }
}

impl Show for u16 {
    fn shown(&self) -> Shown {
        Shown::Number((*self).into())
    }
}

impl Show for Duration {
    fn shown(&self) -> Shown {
        Shown::Number(self.as_secs_f64())
    }
}

impl Show for Privilege {
    fn shown(&self) -> Shown {
        Shown::Text(self.name().to_lowercase())
    }
}

impl Show for CipherSuite {
    fn shown(&self) -> Shown {
        Shown::Number(self.0.into())
    }
}

impl Show for AuthType {
    fn shown(&self) -> Shown {
        Shown::Text(match self {
            Self::None => "none".to_owned(),
            Self::Md2 => "md2".to_owned(),
            Self::Md5 => "md5".to_owned(),
            Self::Password => "password".to_owned(),
            other => other.to_string(),
        })
    }
}

impl Show for Workaround {
    fn shown(&self) -> Shown {
        Shown::Text(self.name().to_owned())
    }
}

impl Show for Source {
    fn shown(&self) -> Shown {
        Shown::Text(self.to_string())
    }
}

impl Show for Form {
    fn shown(&self) -> Shown {
        Shown::Text(format!("{self:?}").to_lowercase())
    }
}

impl<T: Show> Show for Vec<T> {
    fn shown(&self) -> Shown {
        Shown::List(self.iter().map(Show::shown).collect())
    }
}
