//! Single words of the command line and what they stand for; what they do not is said with what
//! would be right.

use std::time::Duration;

use clap::ValueEnum;
use ipmi_wire::session::AuthType;
use ipmi_wire::{Channel, Privilege};

pub(crate) use lantern_config::words::{Source, Workaround};
pub(super) use lantern_config::words::{privilege, seconds, source, span, suite, workaround};

use super::Identify;

/// A limit of privileges, which may be the maker's own level, too.
pub(super) fn privilege_limit(text: &str) -> Result<Privilege, String> {
    match text.to_ascii_lowercase().as_str() {
        "oem" => Ok(Privilege::Oem),
        _ => {
            privilege(text).map_err(|_| "callback, user, operator, administrator or oem".to_owned())
        }
    }
}

pub(super) fn on_off(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off".to_owned()),
    }
}

pub(super) fn channel(text: &str) -> Result<Channel, String> {
    let number = byte(text).ok().filter(|number| *number < 16);
    number.map(Channel::new).ok_or_else(|| "0 to 15; 14 is the one of the session".to_owned())
}

pub(super) fn channel_number(text: &str) -> Result<u8, String> {
    let number = byte(text).ok().filter(|number| *number < 16);
    number.ok_or_else(|| "0 to 15".to_owned())
}

/// The slave address of a controller.
pub(super) fn slave_address(text: &str) -> Result<u8, String> {
    lantern_config::words::slave_address(byte(text)?)
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
}
