//! Which BMC is meant: from what was typed after -H to one address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::codes::Code;
use crate::error::{Error, Exit};
use crate::local::LocalBmc;

/// Whom a command is for, if it is one BMC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// One that was named.
    Host(String),
    /// The machine's own.
    Local(LocalBmc),
}

impl Whom {
    /// As people may call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Host(host) => host.clone(),
            Self::Local(bmc) => bmc.to_string(),
        }
    }
}

/// A host as it was typed, and the port to use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    host: String,
    port: u16,
}

/// Where BMCs listen: RMCP's primary port.
pub(crate) const DEFAULT_PORT: u16 = 623;

impl Target {
    /// `name`, `name:port`, an address of either kind, or `[v6]:port`. A port in `text` wins over
    /// `port`.
    pub(crate) fn parse(text: &str, port: Option<u16>) -> Result<Self, Error> {
        let (host, own) = Self::parts(text)?;
        Ok(Self::new(host, own.or(port).unwrap_or(DEFAULT_PORT)))
    }

    /// This host, at this port.
    pub(crate) fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// What `text` has of host and port.
    pub(crate) fn parts(text: &str) -> Result<(&str, Option<u16>), Error> {
        let (host, own) = split(text)?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(not_a_host(text));
        }
        let own = match own {
            None => None,
            Some(digits) => {
                let number = digits.parse().ok().filter(|number| *number != 0);
                Some(number.ok_or_else(|| {
                    Error::usage(format!("-H {text}: '{digits}' is not a port (1 to 65535)"))
                })?)
            }
        };
        Ok((host, own))
    }

    /// The host as it was typed is an address: nobody has to be asked where it is.
    pub(crate) fn literal(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        choose(std::iter::once((ip, self.port).into()))
    }

    /// The first IPv4 address that the system knows for the host, else the first.
    pub(crate) fn resolve(&self) -> Result<SocketAddr, Error> {
        let Self { host, port } = self;
        let unknown = |why: String| {
            Error::told(Exit::NoSession, format!("{host}: {why}"))
                .code(Code::UNKNOWN_HOST)
                .cause("the name is misspelled, or the name service does not know it or is down")
                .next("try the BMC's IP address")
        };
        let found = (host.as_str(), *port)
            .to_socket_addrs()
            .map_err(|error| unknown(format!("this name leads to no address: {error}")))?;
        choose(found).ok_or_else(|| unknown("this name leads to no address".to_owned()))
    }
}

/// Host and port digits.
fn split(text: &str) -> Result<(&str, Option<&str>), Error> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| not_a_host(text))?;
        if !is_v6(host) {
            return Err(not_a_host(text));
        }
        return match (after.is_empty(), after.strip_prefix(':')) {
            (true, _) => Ok((host, None)),
            (false, Some(port)) => Ok((host, Some(port))),
            (false, None) => Err(not_a_host(text)),
        };
    }
    // More than one colon is an address of IPv6; with brackets missing, no port can be told.
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => match is_v6(text) {
            true => Ok((text, None)),
            false => Err(not_a_host(text)),
        },
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

/// Whether this is an IPv6 address, with or without a zone.
fn is_v6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

fn choose(addresses: impl Iterator<Item = SocketAddr>) -> Option<SocketAddr> {
    let addresses: Vec<_> = addresses.collect();
    let v4 = addresses.iter().find(|address| address.is_ipv4());
    v4.or(addresses.first()).map(|address| match address.ip().to_canonical() {
        // A v4 address in v6 clothes is reached over v4.
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => *address,
    })
}

fn not_a_host(text: &str) -> Error {
    Error::usage(format!("-H {text}: not a host"))
        .next("write HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, u16) {
        let Target { host, port } = Target::parse(text, None).unwrap();
        (host, port)
    }

    #[test]
    fn hosts_come_in_many_forms() {
        for (text, host, port) in [
            ("bmc7", "bmc7", 623),
            ("bmc7.example:6230", "bmc7.example", 6230),
            ("192.0.2.1", "192.0.2.1", 623),
            ("192.0.2.1:9623", "192.0.2.1", 9623),
            ("2001:db8::1", "2001:db8::1", 623),
            ("::1", "::1", 623),
            ("[2001:db8::1]", "2001:db8::1", 623),
            ("[2001:db8::1]:9623", "2001:db8::1", 9623),
            ("fe80::1%eth0", "fe80::1%eth0", 623),
            ("[fe80::1%eth0]:9623", "fe80::1%eth0", 9623),
        ] {
            assert_eq!(parsed(text), (host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn the_port_in_the_host_wins() {
        assert_eq!(Target::parse("a:1", Some(2)).unwrap().port, 1);
        assert_eq!(Target::parse("a", Some(2)).unwrap().port, 2);
        assert_eq!(Target::parse("::1", Some(2)).unwrap().port, 2);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "", ":", ":623", "a:", "a:x", "a:0", "a:65536", "a:1:2", "[", "[]", "[::1", "[::1]x",
            "[::1]:", "[::1]:x", "[a]:1", "a b", "::1::2",
        ] {
            assert!(Target::parse(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_resolve_to_themselves() {
        for text in ["192.0.2.1:9623", "[::1]:9623"] {
            let address = Target::parse(text, None).unwrap().resolve().unwrap();
            assert_eq!(address.to_string(), text);
        }
        let mapped = Target::parse("::ffff:192.0.2.1", None).unwrap().resolve().unwrap();
        assert_eq!(mapped.to_string(), "192.0.2.1:623");
    }

    #[test]
    fn ipv4_is_taken_first() {
        let list = |texts: &[&str]| choose(texts.iter().map(|text| text.parse().unwrap()));
        let v4 = list(&["[::1]:1", "127.0.0.1:1"]).unwrap();
        assert_eq!(v4.to_string(), "127.0.0.1:1");
        assert_eq!(list(&["[::1]:1"]).unwrap().to_string(), "[::1]:1");
        assert_eq!(list(&[]), None);
    }
}
