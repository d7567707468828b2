//! Single words of the command line and what they stand for; what they do not is said with what
//! would be right.

use std::time::Duration;

use clap::ValueEnum;
use ipmi_session::Quirk;
use ipmi_session::quirk::Handling;
use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite};

use super::Identify;

pub(super) fn privilege(text: &str) -> Result<Privilege, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "callback" => Privilege::Callback,
        "user" => Privilege::User,
        "operator" => Privilege::Operator,
        "administrator" | "admin" => Privilege::Administrator,
        _ => return Err("callback, user, operator or administrator".to_owned()),
    })
}

pub(super) fn suite(text: &str) -> Result<CipherSuite, String> {
    let suite = text.parse().ok().map(CipherSuite);
    let named = suite.filter(|suite| suite.algorithms().is_some());
    let suite = named.ok_or("a number from 0 to 19: use 17 or 3")?;
    if ipmi_session::is_supported(suite) {
        return Ok(suite);
    }
    Err(format!("{suite} encrypts with xRC4, which is broken: it is not spoken here; use 17 or 3"))
}

/// An authentication type of IPMI 1.5, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthTypeWord {
    /// Neither password nor code
    None,
    /// MD2
    Md2,
    /// MD5
    Md5,
    /// The password itself, in every packet
    Password,
}

impl From<AuthTypeWord> for AuthType {
    fn from(word: AuthTypeWord) -> Self {
        match word {
            AuthTypeWord::None => Self::None,
            AuthTypeWord::Md2 => Self::Md2,
            AuthTypeWord::Md5 => Self::Md5,
            AuthTypeWord::Password => Self::Password,
        }
    }
}

/// What `--workaround` was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workaround {
    /// Go by the specification; what was learned before does not count.
    None,
    Quirk(Quirk),
}

pub(super) fn workaround(text: &str) -> Result<Workaround, String> {
    if text == "none" {
        return Ok(Workaround::None);
    }
    let Some(quirk) = Quirk::from_name(text) else {
        let names: Vec<_> = accepted().map(Quirk::name).collect();
        let meant = Quirk::most_like(text);
        let meant =
            meant.map_or_else(String::new, |quirk| format!("is '{}' meant? ", quirk.name()));
        let names = names.join(", ");
        return Err(format!("no such workaround: {meant}known are {names}; or 'none'"));
    };
    if is_refused(quirk) {
        return Err(format!(
            "refused, because it weakens security: {}",
            quirk.facts().weakens.unwrap_or("anybody could answer in the BMC's name")
        ));
    }
    Ok(Workaround::Quirk(quirk))
}

fn accepted() -> impl Iterator<Item = Quirk> {
    Quirk::ALL.into_iter().filter(|quirk| !is_refused(*quirk))
}

fn is_refused(quirk: Quirk) -> bool {
    quirk.facts().handling == Handling::Refused
}

/// A number of seconds, or one with its unit: `3`, `0.5`, `3s`, `500ms`.
fn span(text: &str) -> Option<f64> {
    let (digits, per_second) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1000.0),
        (None, Some(digits)) => (digits, 1.0),
        (None, None) => (text, 1.0),
    };
    digits.parse().ok().map(|number: f64| number / per_second)
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = span(text).filter(|seconds| (0.05..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "0.05 to 3600 seconds".to_owned())
}

pub(super) fn stagger(text: &str) -> Result<Duration, String> {
    let seconds = span(text).filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "0 to 3600 seconds".to_owned())
}

pub(super) fn fanout(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=100_000).contains(number));
    number.ok_or_else(|| "1 to 100000".to_owned())
}

pub(crate) fn byte(text: &str) -> Result<u8, String> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u8::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    number.ok_or_else(|| "a byte: 0 to 255, or 0x00 to 0xff".to_owned())
}

pub(super) fn identify(text: &str) -> Result<Identify, String> {
    match text {
        "force" => Ok(Identify::Force),
        "off" => Ok(Identify::Off),
        _ => text.parse().map(Identify::Seconds).map_err(|_| "0 to 255, 'force' or 'off'".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_look_like() {
        assert_eq!([byte("010"), byte("0x10"), byte("0Xff")].map(Result::unwrap), [10, 16, 255]);
        assert!(["", "0x", "256", "0x100", "ff", "-1", "0x+1"].iter().all(|n| byte(n).is_err()));
    }

    #[test]
    fn words_are_what_they_mean() {
        assert_eq!(privilege("ADMIN"), Ok(Privilege::Administrator));
        assert_eq!(identify("30"), Ok(Identify::Seconds(30)));
        for text in ["0.5", "0.5s", "500ms"] {
            assert_eq!(
                (seconds(text), stagger(text)),
                (Ok(Duration::from_millis(500)), seconds(text))
            );
        }
        assert_eq!(stagger("0"), Ok(Duration::ZERO));
        assert!(
            ["0", "-1", "NaN", "inf", "x", "s", "ms", "1m"].iter().all(|n| seconds(n).is_err())
        );
    }

    #[test]
    fn suites_are_spoken_unless_their_cipher_is_broken() {
        for spoken in ["0", "1", "2", "3", "6", "7", "8", "11", "12", "15", "16", "17"] {
            assert!(suite(spoken).is_ok(), "{spoken}");
        }
        for broken in ["4", "5", "9", "10", "13", "14", "18", "19"] {
            assert!(suite(broken).unwrap_err().contains("xRC4, which is broken"), "{broken}");
        }
        for nonsense in ["20", "255", "-1", "x", ""] {
            assert!(suite(nonsense).unwrap_err().contains("0 to 19"), "{nonsense}");
        }
    }

    #[test]
    fn workarounds_have_freeipmis_names() {
        assert_eq!(workaround("none"), Ok(Workaround::None));
        assert_eq!(workaround("opensesspriv"), Ok(Workaround::Quirk(Quirk::OpenSessPriv)));
        let refused = workaround("noauthcodecheck").unwrap_err();
        assert!(refused.contains("it weakens security: whoever"), "{refused}");
        let unknown = workaround("opensespriv").unwrap_err();
        assert!(unknown.contains("is 'opensesspriv' meant?") && unknown.contains("idzero"));
        assert!(!unknown.contains("noauthcodecheck"), "{unknown}");
        // Not "there are none".
        assert!(workaround("").unwrap_err().ends_with("; or 'none'"));
    }
}
