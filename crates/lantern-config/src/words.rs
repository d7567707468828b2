//! Words that stand for a level, a suite, a workaround or a time, the same in a file as on the
//! command line; what is wrong is said with what would be right.

mod workaround;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
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

/// The address of this machine that packets are from, and their port if that is said, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: Option<u16>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

/// An address of this machine: `192.0.2.1`, `192.0.2.1:6230`, `2001:db8::1`, `[2001:db8::1]:6230`.
///
/// # Errors
/// If it is no IP address: a name may stand for several.
pub fn source(text: &str) -> Result<Source, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(Source { address, port: None });
    }
    match text.parse::<SocketAddr>() {
        Ok(both) if both.port() != 0 => Ok(Source { address: both.ip(), port: Some(both.port()) }),
        _ => Err(
            "an IP address of this machine, with :PORT or without: 192.0.2.1, [2001:db8::1]:6230"
                .to_owned(),
        ),
    }
}

/// The slave address of a controller.
///
/// # Errors
/// If it is odd, as addresses are that have lost their last bit.
pub fn slave_address(number: u8) -> Result<u8, String> {
    match number {
        0 => Err("0 is for everybody: no controller has it".to_owned()),
        odd if odd & 1 == 1 => Err(format!(
            "a slave address is even, because it has 8 bits here: 0x82, not 0x41; is 0x{:02x} meant?",
            odd.wrapping_mul(2)
        )),
        address => Ok(address),
    }
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
    fn a_source_is_an_address_with_a_port_or_without() {
        for text in ["192.0.2.1", "192.0.2.1:6230", "2001:db8::1", "[2001:db8::1]:6230"] {
            assert_eq!(source(text).unwrap().to_string(), text);
        }
        assert_eq!(source("[::1]").unwrap().to_string(), "::1");
        for text in ["", "eth0", "localhost", "192.0.2.1:", "192.0.2.1:0", ":6230", "::1]"] {
            assert!(source(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_of_seven_bits_is_told() {
        assert_eq!(slave_address(0x82), Ok(0x82));
        assert!(slave_address(0x41).unwrap_err().contains("is 0x82 meant?"));
        assert!(slave_address(0).is_err());
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
