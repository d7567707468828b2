//! The configuration file of a BMC.
//!
//! A file is read whole before anything is bound: an unknown key, a missing one or a bad value is
//! reported with file, line, column and what is allowed. What is reported never quotes a secret,
//! neither a good one nor what stands in its place.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ipmi_session::Secret;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::session::{CipherSuite, Username};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use toml::Spanned;
use zeroize::Zeroizing;

/// A BMC's configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name, for people.
    pub name: String,
    /// System GUID; random, and kept in the state, if none is given.
    pub guid: Option<Guid>,
    /// What the BMC is made of.
    pub personality: PersonalityName,
    /// UDP addresses to answer on.
    pub listen: Vec<SocketAddr>,
    /// Cipher suites on offer, the preferred one first.
    pub suites: Vec<CipherSuite>,
    /// The LAN channel's privilege limit.
    pub limit: Privilege,
    /// `K_g`, if one is set.
    pub kg: Option<Secret>,
    /// Sessions at the same time.
    pub sessions: usize,
    /// Whether the machine is on at first.
    pub power_on: bool,
    /// What the simulated machine's noise starts from.
    pub seed: u64,
    /// Users.
    pub users: Vec<ipmi_bmc::User>,
}

/// The built-in personalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum PersonalityName {
    /// The reference machine.
    #[default]
    Reference,
}

/// What is wrong with a configuration file.
#[derive(Debug)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column, from 1, where the fault can be placed.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// A fault in the text, before it is known which file it is in.
type Fault = (Option<Range<usize>>, String);

impl Config {
    /// Reads the file at `path`. Its text is wiped from memory afterwards. (Of a file with a fault
    /// the TOML parser makes a copy for its message, which is out of our reach.)
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| ConfigError {
                path: path.to_owned(),
                place: None,
                message: format!("cannot be read: {error}"),
            })?;
        Self::parse(&text, path)
    }

    /// Reads `text`; `path` is for messages.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let outcome = toml::from_str::<File>(text)
            .map_err(|error| (error.span(), error.message().to_owned()))
            .and_then(File::check);
        outcome.map_err(|(span, message)| ConfigError {
            path: path.to_owned(),
            place: span.map(|span| line_and_column(text, span.start)),
            message,
        })
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bmc: BmcSection,
    lan: LanSection,
    #[serde(default)]
    machine: MachineSection,
    #[serde(default)]
    user: Vec<Spanned<UserSection>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BmcSection {
    name: String,
    guid: Option<Spanned<String>>,
    #[serde(default)]
    personality: PersonalityName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanSection {
    listen: Spanned<Vec<Spanned<String>>>,
    suites: Option<Spanned<Vec<Spanned<u8>>>>,
    #[serde(default)]
    allow_insecure_suites: bool,
    privilege_limit: Option<Spanned<String>>,
    kg: Option<Spanned<SecretText>>,
    sessions: Option<Spanned<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineSection {
    #[serde(default)]
    power: Power,
    #[serde(default)]
    seed: u64,
}

impl Default for MachineSection {
    fn default() -> Self {
        Self { power: Power::On, seed: 0 }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Power {
    #[default]
    On,
    Off,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSection {
    id: Spanned<u8>,
    name: Spanned<String>,
    password: Spanned<SecretText>,
    privilege: Spanned<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

/// A secret as it is written. Serde's own `String` would quote whatever else it finds in its place,
/// such as a password of digits without its quotation marks.
struct SecretText(Zeroizing<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(SecretVisitor)
    }
}

/// Takes strings, and refuses every other scalar without a look at it. Sequences and tables are
/// refused by serde, which calls them that and no more.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: de::Error>() -> Result<SecretText, E> {
        Err(E::custom(
            "a secret is text in quotation marks, for example \"open sesame\"; \
             this is not, and is not shown here",
        ))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = SecretText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotation marks")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText(Zeroizing::new(text.to_owned())))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<SecretText, E> {
        Ok(SecretText(Zeroizing::new(text)))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<SecretText, E> {
        Self::refuse()
    }
}

const fn yes() -> bool {
    true
}

impl File {
    fn check(self) -> Result<Config, Fault> {
        let Self { bmc, lan, machine, user } = self;
        let users = check_users(user)?;
        let suites = check_suites(lan.suites, lan.allow_insecure_suites)?;
        Ok(Config {
            name: bmc.name,
            guid: bmc.guid.map(check_guid).transpose()?,
            personality: bmc.personality,
            listen: check_listen(&lan.listen)?,
            suites,
            limit: lan
                .privilege_limit
                .as_ref()
                .map_or(Ok(Privilege::Administrator), check_privilege)?,
            kg: lan.kg.as_ref().map(|kg| check_secret(kg, "kg")).transpose()?,
            sessions: lan.sessions.map_or(Ok(32), check_sessions)?,
            power_on: machine.power == Power::On,
            seed: machine.seed,
            users,
        })
    }
}

fn check_listen(listen: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<SocketAddr>, Fault> {
    if listen.get_ref().is_empty() {
        return fault(listen, "at least one address to listen on is needed");
    }
    listen
        .get_ref()
        .iter()
        .map(|address| match address.get_ref().parse() {
            Ok(address) => Ok(address),
            Err(_) => fault(
                address,
                "not an address: write \"127.0.0.1:9623\" or \"[::1]:9623\" (no host names)",
            ),
        })
        .collect()
}

fn check_suites(
    suites: Option<Spanned<Vec<Spanned<u8>>>>,
    allow_insecure: bool,
) -> Result<Vec<CipherSuite>, Fault> {
    let Some(suites) = suites else {
        return Ok(vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3]);
    };
    if suites.get_ref().is_empty() {
        return fault(&suites, "at least one cipher suite is needed; 17 and 3 are the usual ones");
    }
    let mut checked = Vec::new();
    for number in suites.get_ref() {
        let suite = CipherSuite(*number.get_ref());
        if !ipmi_session::is_supported(suite) {
            return fault(number, "this cipher suite is not supported; 17 and 3 are");
        }
        if !suite.protects_payloads() && !allow_insecure {
            return fault(
                number,
                "this cipher suite does not protect what it carries; \
                 set allow_insecure_suites = true if that is wanted",
            );
        }
        if checked.contains(&suite) {
            return fault(number, "this cipher suite is listed twice");
        }
        checked.push(suite);
    }
    Ok(checked)
}

fn check_sessions(sessions: Spanned<usize>) -> Result<usize, Fault> {
    match *sessions.get_ref() {
        // Get Session Info counts in six bits.
        count @ 1..=63 => Ok(count),
        _ => fault(&sessions, "1 to 63 sessions are possible"),
    }
}

fn check_users(users: Vec<Spanned<UserSection>>) -> Result<Vec<ipmi_bmc::User>, Fault> {
    let mut checked: Vec<ipmi_bmc::User> = Vec::new();
    for user in users {
        let UserSection { id, name, password, privilege, enabled } = user.into_inner();
        if !(2..=15).contains(id.get_ref()) {
            return fault(&id, "user IDs run from 2 to 15 (1 is the null user, which is never on)");
        }
        if checked.iter().any(|known| known.id == *id.get_ref()) {
            return fault(&id, "this user ID is taken");
        }
        if name.get_ref().is_empty() {
            return fault(&name, "a user without a name is the null user, which is never on");
        }
        let Some(username) = Username::new(name.get_ref().as_bytes()) else {
            return fault(&name, "a user name has at most 16 bytes");
        };
        if checked.iter().any(|known| known.name == username) {
            return fault(&name, "this user name is taken");
        }
        let secret = check_secret(&password, "password")?;
        if secret.is_empty() {
            return fault(&password, "an empty password protects nothing");
        }
        let limit = check_privilege(&privilege)?;
        let id = *id.get_ref();
        checked.push(ipmi_bmc::User { id, name: username, password: secret, limit, enabled });
    }
    Ok(checked)
}

fn check_secret(secret: &Spanned<SecretText>, what: &str) -> Result<Secret, Fault> {
    match Secret::new(secret.get_ref().0.as_bytes()) {
        Some(secret) => Ok(secret),
        None => fault(secret, &format!("{what} has more than 20 bytes; nothing is cut")),
    }
}

fn check_privilege(privilege: &Spanned<String>) -> Result<Privilege, Fault> {
    match privilege.get_ref().as_str() {
        "callback" => Ok(Privilege::Callback),
        "user" => Ok(Privilege::User),
        "operator" => Ok(Privilege::Operator),
        "administrator" => Ok(Privilege::Administrator),
        _ => fault(
            privilege,
            "not a privilege level: \"callback\", \"user\", \"operator\" or \"administrator\"",
        ),
    }
}

fn check_guid(guid: Spanned<String>) -> Result<Guid, Fault> {
    let hex: String = guid.get_ref().chars().filter(|c| *c != '-').collect();
    let number =
        (hex.len() == 32 && hex.is_ascii()).then(|| u128::from_str_radix(&hex, 16).ok()).flatten();
    match number {
        Some(number) => Ok(Guid(number.to_le_bytes())),
        None => fault(
            &guid,
            "a GUID is 32 hexadecimal digits, for example \
                              \"6c616e74-6572-6e00-8000-000000000001\"",
        ),
    }
}

fn fault<T, U>(at: &Spanned<U>, message: &str) -> Result<T, Fault> {
    Err((Some(at.span()), message.to_owned()))
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[bmc]
name = "test"

[lan]
listen = ["127.0.0.1:9623"]

[[user]]
id = 2
name = "admin"
password = "Complex_Pass"
privilege = "administrator"
"#;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("bmc.toml")).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_the_safe_ones() {
        let config = Config::parse(GOOD, Path::new("bmc.toml")).unwrap();
        assert_eq!(config.suites, [CipherSuite::SUITE_17, CipherSuite::SUITE_3]);
        assert!(config.power_on && config.kg.is_none());
        assert_eq!(config.users.len(), 1);
    }

    #[test]
    fn every_fault_is_placed() {
        let replaced = |from: &str, to: &str| error(&GOOD.replace(from, to));
        for (from, to, place, says) in [
            ("[lan]", "[lan]\ncolour = 1", "bmc.toml:6:1:", "unknown field `colour`"),
            ("name = \"test\"", "name = 7", "bmc.toml:3:8:", "expected a string"),
            ("127.0.0.1:9623", "localhost:9623", "bmc.toml:6:11:", "not an address"),
            ("id = 2", "id = 1", "bmc.toml:9:6:", "2 to 15"),
            ("\"admin\"", "\"\"", "bmc.toml:10:8:", "null user"),
            ("\"admin\"", "\"abcdefghijklmnopq\"", "bmc.toml:10:8:", "16 bytes"),
            ("Complex_Pass", "", "bmc.toml:11:12:", "protects nothing"),
            ("Complex_Pass", "123456789012345678901", "bmc.toml:11:12:", "20 bytes"),
            ("\"administrator\"", "\"root\"", "bmc.toml:12:13:", "\"operator\""),
            ("[lan]", "[lan]\nsuites = [17, 0]", "bmc.toml:6:15:", "allow_insecure_suites"),
            ("[lan]", "[lan]\nsuites = [8]", "bmc.toml:6:11:", "not supported"),
            ("[lan]", "[lan]\nsessions = 64", "bmc.toml:6:12:", "1 to 63"),
            ("[\"127.0.0.1:9623\"]", "1", "bmc.toml:6:10:", "expected a sequence"),
            ("[\"127.0.0.1:9623\"]", "[]", "bmc.toml:6:10:", "at least one address"),
            ("[bmc]", "[bmc]\nguid = \"1\"", "bmc.toml:3:8:", "32 hexadecimal digits"),
        ] {
            let message = replaced(from, to);
            assert!(message.starts_with(place), "{from} -> {to}: {message}");
            assert!(message.contains(says), "{from} -> {to}: {message}");
        }
        assert!(error("").contains("missing field"));
    }

    #[test]
    fn no_password_is_printed() {
        let config = Config::parse(GOOD, Path::new("bmc.toml")).unwrap();
        assert!(!format!("{config:?}").contains("Complex_Pass"));
    }

    #[test]
    fn no_fault_quotes_a_secret() {
        let written = [
            "31415926",
            "-31415926",
            "31415926535897932384626433",
            "3141.5926",
            "Hunter2",
            "\"Hunter2",
            "\"Hunter2\" Hunter2",
            "[\"Hunter2\"]",
            "{ Hunter2 = \"Hunter2\" }",
            "2031-04-15",
            "true",
            "\"Hunter2Hunter2Hunter2Hunter2\"",
            "\"Hunter2\\z\"",
            "Hunter2 = Hunter2",
        ];
        for secret in written {
            let password = GOOD.replace("\"Complex_Pass\"", secret);
            let kg = GOOD.replace("[lan]", &format!("[lan]\nkg = {secret}"));
            for (text, place) in [(password, "bmc.toml:11:"), (kg, "bmc.toml:6:")] {
                let message = error(&text);
                assert!(message.starts_with(place), "{secret}: {message}");
                for part in ["Hunter2", "3141", "59265", "2031", "true"] {
                    assert!(!message.contains(part), "{secret}: {message}");
                }
            }
        }
        assert!(error(&GOOD.replace("\"Complex_Pass\"", "314")).contains("quotation marks"));
    }
}
