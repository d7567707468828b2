//! Words that stand for a level, a suite, a workaround or a time, the same in a file as on the
//! command line; what is wrong is said with what would be right.

mod workaround;

use std::time::Duration;

use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite};

pub use workaround::{Habit, Workaround, workaround};

/// A privilege level.
///
/// # Errors
/// Says which there are.
pub fn privilege(text: &str) -> Result<Privilege, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "callback" => Privilege::Callback,
        "user" => Privilege::User,
        "operator" => Privilege::Operator,
        "administrator" | "admin" => Privilege::Administrator,
        _ => return Err("callback, user, operator or administrator".to_owned()),
    })
}

/// A cipher suite that is spoken.
///
/// # Errors
/// If there is no such suite, or none that is spoken.
pub fn suite(text: &str) -> Result<CipherSuite, String> {
    let suite = text.parse().ok().map(CipherSuite);
    let named = suite.filter(|suite| suite.algorithms().is_some());
    let suite = named.ok_or("a number from 0 to 19: use 17 or 3")?;
    if ipmi_session::is_supported(suite) {
        return Ok(suite);
    }
    Err(format!("{suite} encrypts with xRC4, which is broken: it is not spoken here; use 17 or 3"))
}

/// An authentication type of IPMI 1.5.
///
/// # Errors
/// Says which there are.
pub fn auth_type(text: &str) -> Result<AuthType, String> {
    Ok(match text {
        "none" => AuthType::None,
        "md2" => AuthType::Md2,
        "md5" => AuthType::Md5,
        "password" => AuthType::Password,
        _ => return Err("none, md2, md5 or password".to_owned()),
    })
}

/// A number of seconds, or one with its unit: `3`, `0.5`, `3s`, `500ms`.
#[must_use]
pub fn span(text: &str) -> Option<f64> {
    let (digits, per_second) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1000.0),
        (None, Some(digits)) => (digits, 1.0),
        (None, None) => (text, 1.0),
    };
    digits.parse().ok().map(|number: f64| number / per_second)
}

/// A time that something may take.
///
/// # Errors
/// If it is no number, or out of range.
pub fn seconds(text: &str) -> Result<Duration, String> {
    span(text).and_then(in_range).ok_or_else(|| SECONDS.to_owned())
}

/// What a time may be.
pub(crate) const SECONDS: &str = "0.05 to 3600 seconds";

pub(crate) fn in_range(seconds: f64) -> Option<Duration> {
    (0.05..=3600.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_they_mean() {
        assert_eq!(privilege("ADMIN"), Ok(Privilege::Administrator));
        assert_eq!(auth_type("md5"), Ok(AuthType::Md5));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(["0", "-1", "NaN", "inf", "x"].iter().all(|n| seconds(n).is_err()));
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
}
