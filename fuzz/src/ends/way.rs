//! All the ways into a session, and who may go them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::console::{Agreed, Config, Protocol, Session};
use ipmi_session::managed::{Account, Accounts};
use ipmi_session::{Quirk, Quirks, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, IntegrityAlgorithm, Username};

use super::Seeded;
use super::script::Script;

/// The suites that both ends speak. Those that ours prefer come first: zeros are the usual way.
pub(super) const SUITES: [u8; 12] = [17, 3, 8, 12, 16, 15, 2, 7, 11, 1, 6, 0];

pub(super) const TYPES: [AuthType; 4] =
    [AuthType::Md5, AuthType::Md2, AuthType::Password, AuthType::None];

/// Whether this protection proves what a packet says.
pub(super) fn proves(agreed: Agreed) -> bool {
    match agreed {
        Agreed::Suite(suite) => {
            suite.algorithms().is_some_and(|a| a.integrity != IntegrityAlgorithm::None)
        }
        Agreed::Ipmi15(auth_type) => matches!(auth_type, AuthType::Md2 | AuthType::Md5),
    }
}

pub(super) fn username() -> Username {
    Username::new(b"admin").expect("short")
}

pub(super) fn password() -> Secret {
    Secret::new(b"Complex_Pass").expect("short")
}

/// A console that logs in as the script says.
pub(super) fn console(
    now: Instant,
    id: u32,
    script: &mut Script<'_>,
    rng: &mut Seeded,
) -> (Session, Way) {
    let (choice, manners) = (script.byte(), script.byte());
    let agreed = match usize::from(choice & 0x1f) {
        number if number < TYPES.len() + SUITES.len() => match number.checked_sub(SUITES.len()) {
            None => Agreed::Suite(CipherSuite(SUITES[number])),
            Some(number) => Agreed::Ipmi15(TYPES[number]),
        },
        number => Agreed::Suite(CipherSuite(SUITES[number % SUITES.len()])),
    };
    let mut config = Config::new(username(), password());
    match agreed {
        Agreed::Suite(suite) => config.suites = vec![suite],
        Agreed::Ipmi15(auth_type) => config.protocol = Protocol::Ipmi15(vec![auth_type]),
    }
    // A suite that nobody has on offer goes first.
    if choice & 0x20 != 0 {
        config.suites.insert(0, CipherSuite::SUITE_17);
    }
    let wrong_password = choice & 0xc0 == 0xc0;
    if wrong_password {
        config.password = Secret::new(b"complex_pass").expect("short");
    }
    config.keepalive = (manners & 1 != 0).then_some(Duration::from_secs(20));
    config.refuses_replays = manners & 2 != 0;
    config.name_only_lookup = manners & 4 == 0;
    if manners & 8 != 0 {
        config.privilege = Privilege::User;
    }
    if manners & 0xf0 == 0xf0 {
        let index = usize::from(script.byte()) % Quirk::ALL.len();
        config.workarounds = Quirks::NONE.with(Quirk::ALL[index]);
    }
    let way = Way { agreed, wrong_password, trusting: !config.workarounds.is_empty() };
    (Session::open(now, config, id, rng), way)
}

/// How a console logs in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) agreed: Agreed,
    pub(super) wrong_password: bool,
    /// A workaround is on, which may weaken what is checked.
    pub(super) trusting: bool,
}

/// Where the console of this number is. Some share an address.
pub(super) fn address(number: usize) -> SocketAddr {
    let number = u8::try_from(number).unwrap_or(u8::MAX);
    ([10, 0, 0, number / 2 + 1], 1000 + u16::from(number)).into()
}

/// One administrator, and all ways in.
pub(super) struct OneUser;

impl Accounts for OneUser {
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account> {
        let limit = Privilege::Administrator;
        (*name == username() && role.is_none_or(|role| role == limit)).then(|| Account {
            user_id: 2,
            password: password(),
            limit,
        })
    }

    fn kg(&self) -> Option<Secret> {
        None
    }

    fn guid(&self) -> [u8; 16] {
        [7; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        SUITES.map(|number| (CipherSuite(number), Privilege::Administrator)).to_vec()
    }

    fn ipmi15(&self) -> Vec<AuthType> {
        TYPES.to_vec()
    }
}
