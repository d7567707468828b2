//! `[lan]`: what sessions there are, and how the BMC behaves in them.

use std::fmt;
use std::time::Duration;

use ipmi_session::managed::{Limits, Rate};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::session::{AuthType, AuthenticationAlgorithm, CipherSuite};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::network::NetworkSection;
use super::secret::SecretText;
use super::{Fault, fault};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct LanSection {
    pub(super) listen: Option<Spanned<Vec<Spanned<String>>>>,
    suites: Option<Spanned<Vec<Spanned<u8>>>>,
    #[serde(default)]
    ipmi15: Vec<Spanned<String>>,
    #[serde(default)]
    allow_insecure_suites: bool,
    pub(super) privilege_limit: Option<Spanned<String>>,
    pub(super) kg: Option<Spanned<SecretText>>,
    sessions: Option<Spanned<usize>>,
    idle_timeout: Option<Spanned<f64>>,
    rate: Option<Spanned<Rating>>,
    pub(super) allow: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) hide_usernames: bool,
    #[serde(default)]
    quirks: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) network: NetworkSection,
    apply: Option<Spanned<Vec<String>>>,
}

impl LanSection {
    pub(super) fn check_suites(&self) -> Result<Vec<CipherSuite>, Fault> {
        let Some(suites) = &self.suites else {
            return Ok(vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3]);
        };
        if suites.get_ref().is_empty() {
            return fault(
                suites,
                "at least one cipher suite is needed; 17 and 3 are the usual ones",
            );
        }
        let mut checked = Vec::new();
        for number in suites.get_ref() {
            let suite = CipherSuite(*number.get_ref());
            let Some(algorithms) = suite.algorithms() else {
                return fault(number, "there is no such cipher suite; 17 and 3 are the usual ones");
            };
            if !ipmi_session::is_supported(suite) {
                return fault(
                    number,
                    "this cipher suite encrypts with xRC4, which is not supported; 17 and 3 are \
                     the usual ones",
                );
            }
            let weakness = if !suite.protects_payloads() {
                Some("does not protect what it carries")
            } else if algorithms.authentication == AuthenticationAlgorithm::HmacMd5 {
                Some("rests on MD5")
            } else {
                None
            };
            if let Some(weakness) = weakness.filter(|_| !self.allow_insecure_suites) {
                return fault(number, &format!("this cipher suite {weakness}; {ALLOW}"));
            }
            if checked.contains(&suite) {
                return fault(number, "this cipher suite is listed twice");
            }
            checked.push(suite);
        }
        Ok(checked)
    }

    /// The switch that lets weak suites in lets these in, too: what IPMI v1.5 carries is encrypted
    /// by none of its authentication types.
    pub(super) fn check_ipmi15(&self) -> Result<Vec<AuthType>, Fault> {
        let mut checked = Vec::new();
        for word in &self.ipmi15 {
            let auth_type = match word.get_ref().as_str() {
                "md5" => AuthType::Md5,
                "md2" => AuthType::Md2,
                "password" => AuthType::Password,
                "none" => AuthType::None,
                _ => {
                    return fault(
                        word,
                        "not an authentication type of IPMI 1.5: \"md5\", \"md2\", \"password\" \
                         or \"none\"",
                    );
                }
            };
            if !self.allow_insecure_suites {
                let message = format!("IPMI 1.5 does not protect what it carries; {ALLOW}");
                return fault(word, &message);
            }
            if checked.contains(&auth_type) {
                return fault(word, "this authentication type is listed twice");
            }
            checked.push(auth_type);
        }
        Ok(checked)
    }

    pub(super) fn check_limits(&self) -> Result<Limits, Fault> {
        let mut limits = Limits::default();
        if let Some(sessions) = &self.sessions {
            limits.sessions = match *sessions.get_ref() {
                // Get Session Info counts in six bits.
                count @ 1..=63 => count,
                _ => return fault(sessions, "1 to 63 sessions are possible"),
            };
        }
        if let Some(time) = &self.idle_timeout {
            if !(1.0..=86_400.0).contains(time.get_ref()) {
                return fault(time, "seconds, 1 to 86400");
            }
            limits.idle = Duration::from_secs_f64(*time.get_ref());
        }
        if let Some(rate) = &self.rate {
            limits.rate = match rate.get_ref() {
                Rating::Word(word) if word == "off" => None,
                Rating::Written(RateSection { per_second, burst })
                    if *per_second > 0 && *burst > 0 =>
                {
                    Some(Rate { per_second: *per_second, burst: *burst })
                }
                _ => return fault(rate, RATES),
            };
        }
        Ok(limits)
    }

    pub(super) fn check_apply(&self) -> Result<Option<Vec<String>>, Fault> {
        match &self.apply {
            Some(argv) if argv.get_ref().first().is_none_or(String::is_empty) => {
                fault(argv, "a program and its arguments: [\"/usr/local/sbin/set-network\"]")
            }
            argv => Ok(argv.as_ref().map(|argv| argv.get_ref().clone())),
        }
    }

    pub(super) fn check_quirks(&self) -> Result<Quirks, Fault> {
        let mut checked = Quirks::NONE;
        for name in &self.quirks {
            let Some(quirk) = Quirk::from_name(name.get_ref()) else {
                return fault(name, &unknown_quirk(name.get_ref()));
            };
            if checked.has(quirk) {
                return fault(name, "this quirk is listed twice");
            }
            checked.insert(quirk);
        }
        Ok(checked)
    }
}

const ALLOW: &str = "set allow_insecure_suites = true if that is wanted";
const RATES: &str = "{ per_second = 256, burst = 512 }, neither of them 0, or \"off\"";

/// Names the quirk that may have been meant, and all that there are.
fn unknown_quirk(name: &str) -> String {
    let meant = Quirk::most_like(name)
        .map(|quirk| format!("did you mean \"{}\"? ", quirk.name()))
        .unwrap_or_default();
    format!("there is no such quirk; {meant}There are {}", Quirk::ALL.map(Quirk::name).join(", "))
}

/// A rate, or a word for none.
enum Rating {
    Word(String),
    Written(RateSection),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateSection {
    per_second: u32,
    burst: u32,
}

/// Serde's untagged enumerations do not say what they would take.
impl<'de> Deserialize<'de> for Rating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RatingVisitor;

        impl<'de> Visitor<'de> for RatingVisitor {
            type Value = Rating;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(RATES)
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Rating, E> {
                Ok(Rating::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rating, A::Error> {
                RateSection::deserialize(MapAccessDeserializer::new(map)).map(Rating::Written)
            }
        }

        deserializer.deserialize_any(RatingVisitor)
    }
}
