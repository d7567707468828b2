//! Single words of the command line and what they stand for; what they do not is said with what
//! would be right.

use std::time::Duration;

use ipmi_wire::Privilege;
use ipmi_wire::session::CipherSuite;

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
    suite.filter(|suite| ipmi_session::is_supported(*suite)).ok_or_else(|| {
        "17 and 3 are spoken here; 0, 1, 2, 15 and 16 with --allow-insecure-suites".to_owned()
    })
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.05..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "0.05 to 3600 seconds".to_owned())
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
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(["0", "-1", "NaN", "inf", "x"].iter().all(|n| seconds(n).is_err()));
        assert!(suite("8").is_err() && suite("17").is_ok() && suite("0").is_ok());
    }
}
