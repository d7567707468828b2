//! Who may come in, and where: addresses, users.

use std::net::{IpAddr, SocketAddr};

use ipmi_session::Secret;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::session::Username;
use ipnet::IpNet;
use toml::Spanned;

use super::secret::SecretText;
use super::{Fault, UserSection, fault};

/// Where a BMC of its own listens; a fleet has addresses of its own.
pub(super) fn check_listen(
    listen: Option<&Spanned<Vec<Spanned<String>>>>,
    is_fleet: bool,
) -> Result<Vec<SocketAddr>, Fault> {
    let listen = match listen {
        Some(listen) if is_fleet => {
            return fault(listen, "a fleet answers where [fleet] says: leave this out");
        }
        None if is_fleet => return Ok(Vec::new()),
        None => return Err((None, "missing field `listen` in [lan]".to_owned())),
        Some(listen) => listen,
    };
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

pub(super) fn check_networks(allow: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<IpNet>, Fault> {
    const NETWORKS: &str = "not a network: write \"10.1.0.0/16\", \"2001:db8::/32\" or one address";
    if allow.get_ref().is_empty() {
        return fault(allow, "with no network at all nobody is heard; leave it out for everybody");
    }
    let network = |written: &Spanned<String>| {
        let text = written.get_ref();
        let net = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>());
        match net {
            Ok(net) if net.trunc() == net => Ok(net),
            Ok(net) => {
                let meant = net.trunc();
                fault(written, &format!("this address is not the network's: \"{meant}\" would be"))
            }
            Err(_) => fault(written, NETWORKS),
        }
    };
    allow.get_ref().iter().map(network).collect()
}

pub(super) fn check_users(users: Vec<Spanned<UserSection>>) -> Result<Vec<ipmi_bmc::User>, Fault> {
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

pub(super) fn check_secret(secret: &Spanned<SecretText>, what: &str) -> Result<Secret, Fault> {
    match Secret::new(secret.get_ref().0.as_bytes()) {
        Some(secret) => Ok(secret),
        None => fault(secret, &format!("{what} has more than 20 bytes; nothing is cut")),
    }
}

pub(super) fn check_privilege(privilege: &Spanned<String>) -> Result<Privilege, Fault> {
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

pub(super) fn check_guid(guid: Spanned<String>) -> Result<Guid, Fault> {
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
