//! Every quirk, put on by a BMC of ours, against our own client and against FreeIPMI with and without
//! the workaround of that name.
//!
//! FreeIPMI is what tells an imitation from the real thing: a defect that its workaround does not
//! cure, or that it does not need its workaround for, is not the one that it knows. Where its 1.6.10
//! does otherwise than its manual says, a comment says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{Bmc, credentials, freeipmi_at};
use ipmi_client::{Credentials, Endpoint, Error, Protocol, Quirk, Quirks, SessionInfo};
use ipmi_wire::cmd::app::{CipherSuiteRecord, GetChannelCipherSuites};
use ipmi_wire::cmd::chassis::{GetChassisStatus, PowerAction};
use ipmi_wire::session::{AuthType, CipherSuite, Username};
use ipmi_wire::{Channel, Privilege};
use lantern_testkit::tap::{Direction, Packet, Tap, Verdict};

/// How a console talks.
#[derive(Clone, Copy, Debug)]
enum Speaks {
    /// RMCP+, with the first of these suites that works.
    Suites(&'static [u8]),
    Ipmi15(AuthType),
}
use Speaks::{Ipmi15, Suites};

/// What becomes of our client.
#[derive(Clone, Copy, Debug)]
enum Ours {
    /// It works, and the quirk is told, or one that cannot be told from it.
    Tells,
    /// It works, and there is nothing to see: what the client does anyway is good enough.
    Works,
    /// It fails, and works when told of the quirk.
    ByName,
    /// It fails with these words, whatever it is told.
    Fails(&'static str),
}
use Ours::{ByName, Fails, Tells, Works};

/// What becomes of a program of FreeIPMI without its workaround, and with it.
#[derive(Clone, Copy, Debug)]
struct FreeIpmi {
    tool: &'static str,
    suite: Option<u8>,
    without: bool,
    /// It has a workaround of this name.
    with: Option<bool>,
}

impl FreeIpmi {
    /// Needs the workaround of that name.
    const fn needs(suite: Option<u8>) -> Self {
        Self { tool: "ipmi-chassis", suite, without: false, with: Some(true) }
    }

    /// Has no workaround of that name, and needs none.
    const fn works(suite: Option<u8>) -> Self {
        Self { tool: "ipmi-chassis", suite, without: true, with: None }
    }
}

/// A quirk where it can be seen.
#[derive(Clone, Copy, Debug)]
struct Row {
    quirk: Quirk,
    /// The suites of the BMC.
    offers: &'static [u8],
    speaks: Speaks,
    user: &'static str,
    privilege: Privilege,
    /// What the network does, if that is needed to see it.
    network: Option<fn() -> Network>,
    ours: Ours,
    /// That the BMC does it, where neither our client nor FreeIPMI trips over it.
    shows: Option<fn(&[Packet]) -> bool>,
    freeipmi: Option<FreeIpmi>,
}

type Network = Box<dyn FnMut(Direction, &[u8]) -> Verdict + Send>;

/// RMCP+ with suite 3, as an administrator.
const fn rmcp(quirk: Quirk, ours: Ours, freeipmi: FreeIpmi) -> Row {
    Row {
        quirk,
        offers: &[17, 3],
        speaks: Suites(&[3]),
        user: "admin",
        privilege: Privilege::Administrator,
        network: None,
        ours,
        shows: None,
        freeipmi: Some(freeipmi),
    }
}

/// IPMI 1.5 with MD5, as an administrator.
const fn v15(quirk: Quirk, ours: Ours, freeipmi: FreeIpmi) -> Row {
    Row { speaks: Ipmi15(AuthType::Md5), ..rmcp(quirk, ours, freeipmi) }
}

const TABLE: &[Row] = &[
    v15(Quirk::IdZero, Tells, FreeIpmi::needs(None)),
    // The library verifies what comes without a code as if it had one: only ipmipower does what the
    // manual says.
    v15(Quirk::UnexpectedAuth, Tells, FreeIpmi { tool: "ipmipower", ..FreeIpmi::needs(None) }),
    // Our client sends codes anyway, so it does not learn what would come of packets without.
    v15(Quirk::ForcePerMsg, Works, FreeIpmi::needs(None)),
    v15(Quirk::EndianSeq, Tells, FreeIpmi::needs(None)),
    v15(Quirk::NoAuthCodeCheck, Fails("authentication code"), FreeIpmi::needs(None)),
    v15(Quirk::AuthCap, Tells, FreeIpmi::needs(None)),
    // Our client does not ask before it opens an RMCP+ session.
    rmcp(Quirk::AuthCap, Works, FreeIpmi::needs(Some(3))),
    rmcp(Quirk::NoChecksumCheck, Tells, FreeIpmi::needs(Some(3))),
    Row {
        offers: &[1],
        speaks: Suites(&[1]),
        ..rmcp(Quirk::NoChecksumCheck, ByName, FreeIpmi::needs(Some(1)))
    },
    // The answer to Activate Session, too: our client judges it before it judges the code.
    v15(Quirk::NoChecksumCheck, ByName, FreeIpmi::needs(None)),
    rmcp(Quirk::Intel20, Tells, FreeIpmi::needs(Some(3))),
    rmcp(Quirk::Supermicro20, Tells, FreeIpmi::needs(Some(3))),
    rmcp(Quirk::Sun20, Tells, FreeIpmi::needs(Some(3))),
    // Our client asks for the same privilege in both places.
    rmcp(Quirk::OpenSessPriv, Works, FreeIpmi::needs(Some(3))),
    Row {
        offers: &[0],
        speaks: Suites(&[0]),
        ..rmcp(Quirk::IntegrityCheckValue, Tells, FreeIpmi::needs(Some(0)))
    },
    Row {
        network: Some(crossed_challenges),
        ..rmcp(Quirk::FreshNonce, Tells, FreeIpmi::works(Some(3)))
    },
    rmcp(Quirk::VagueRefusal, Works, FreeIpmi::works(Some(3))),
    Row {
        user: "nobody",
        shows: Some(|packets| answers(packets, 0x13).any(|rakp2| rakp2[16..18] == [0, 0x0d])),
        freeipmi: None,
        ..rmcp(Quirk::VagueRefusal, Fails("unauthorized name"), FreeIpmi::works(Some(3)))
    },
    rmcp(Quirk::SeqByTwo, Tells, FreeIpmi::works(Some(3))),
    Row {
        offers: &[3],
        speaks: Suites(&[17, 3]),
        ..rmcp(Quirk::SuiteRefusedAsRole, Tells, FreeIpmi::works(Some(3)))
    },
    Row {
        offers: &[15, 3],
        speaks: Suites(&[15, 3]),
        shows: Some(|packets| answers(packets, 0x11).any(|refusal| refusal[17] == 0x11)),
        ..rmcp(Quirk::SuiteAdvertised, Works, FreeIpmi::works(Some(3)))
    },
    Row {
        shows: Some(|packets| {
            let (asked, answered) = in_session(packets);
            asked == answered + 1
        }),
        ..rmcp(Quirk::SilentClose, Works, FreeIpmi::works(Some(3)))
    },
    Row {
        network: Some(lost_challenge),
        shows: Some(|packets| {
            let copies = |to| {
                packets.iter().filter(move |p| p.direction == to && is_challenge(&p.bytes)).count()
            };
            copies(Direction::ToBmc) > copies(Direction::ToConsole)
        }),
        ..v15(Quirk::LostChallenge, Works, FreeIpmi::works(None))
    },
    v15(Quirk::SeqOffByOne, Tells, FreeIpmi::works(None)),
    Row { privilege: Privilege::User, ..v15(Quirk::ExactPrivilege, Tells, FreeIpmi::works(None)) },
    rmcp(Quirk::SlowHandshake, Tells, FreeIpmi::works(Some(3))),
    Row {
        network: Some(everything_twice),
        shows: Some(|packets| {
            let (asked, answered) = in_session(packets);
            // All but Close Session, after which nobody is there to answer.
            answered == 2 * asked - 1
        }),
        ..rmcp(Quirk::AcceptsReplays, Works, FreeIpmi::works(Some(3)))
    },
    rmcp(Quirk::SuitesFromOne, Works, FreeIpmi::works(Some(3))),
    Row {
        offers: &[3],
        speaks: Suites(&[17, 3]),
        shows: Some(|packets| answers(packets, 0x11).any(|refusal| refusal[14..16] == [2, 0])),
        ..rmcp(Quirk::ShortRefusal, Tells, FreeIpmi::works(Some(3)))
    },
];

#[test]
fn each_is_met_as_the_list_says() {
    for quirk in Quirk::ALL {
        let rows = TABLE.iter().filter(|row| row.quirk == quirk && row.user == "admin");
        let ours: Vec<_> = rows.map(|row| row.ours).collect();
        assert!(!ours.is_empty(), "{quirk:?} has no row");
        let by_itself = ours.iter().all(|ours| matches!(ours, Tells | Works));
        let never = ours.iter().all(|ours| matches!(ours, Fails(_)));
        let handling = quirk.facts().handling.to_string();
        assert_eq!(
            (by_itself, never),
            (handling == "automatic", handling == "refused"),
            "{quirk:?}"
        );
    }
    // What waits for somebody's patience to end waits side by side.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let rows: Vec<_> = TABLE.iter().map(|row| (row, scope.spawn(|| check(row)))).collect();
        rows.into_iter()
            .filter_map(|(row, thread)| match thread.join() {
                Ok(Ok(())) => None,
                Ok(Err(failure)) => Some(format!("{row:?}: {failure}")),
                Err(_) => Some(format!("{row:?}: panicked")),
            })
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check(row: &Row) -> Result<(), String> {
    let bmc = Bmc::with(|config| {
        config.quirks = Quirks::NONE.with(row.quirk);
        config.suites = row.offers.iter().copied().map(CipherSuite).collect();
        if let Ipmi15(auth_type) = row.speaks {
            config.ipmi15 = vec![auth_type];
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcomes = [runtime.block_on(check_ours(row, bmc.addr)), check_freeipmi(row, bmc.addr)];
    let failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

async fn check_ours(row: &Row, bmc: SocketAddr) -> Result<(), String> {
    let without = manage(row, bmc, Quirks::NONE).await;
    let named = Quirks::NONE.with(row.quirk);
    match (row.ours, without) {
        (Tells, Ok(info)) if !is_told(row.quirk, info.noticed) => {
            Err(format!("not told: {info:?}"))
        }
        (Tells | Works, Ok(_)) => Ok(()),
        (Tells | Works, Err(error)) => Err(format!("ours fails: {error}")),
        (ByName | Fails(_), Ok(info)) => Err(format!("ours works unasked: {info:?}")),
        (ByName, Err(_)) => match manage(row, bmc, named).await {
            Ok(info) if is_told(row.quirk, info.noticed) => Ok(()),
            Ok(info) => Err(format!("not told: {info:?}")),
            Err(error) => Err(format!("ours fails although it is told: {error}")),
        },
        (Fails(says), Err(without)) => match manage(row, bmc, named).await {
            Ok(info) => Err(format!("ours works: {info:?}")),
            Err(with) if [&without, &with].iter().all(|e| e.to_string().contains(says)) => Ok(()),
            Err(with) => Err(format!("ours says: {without}; {with}")),
        },
    }
}

/// The suites that the BMC says it has.
async fn listed(client: &ipmi_client::Bmc) -> Result<Vec<u8>, Error> {
    let channel = Channel::PRESENT;
    let ask = GetChannelCipherSuites { channel, payload_type: 0, by_suite: true, index: 0 };
    let mut bytes = client.send(&ask).await?.data;
    bytes.extend(client.send(&GetChannelCipherSuites { index: 1, ..ask }).await?.data);
    Ok(CipherSuiteRecord::parse_list(&bytes).iter().map(|record| record.suite.0).collect())
}

fn is_told(quirk: Quirk, noticed: Quirks) -> bool {
    let same: &[Quirk] = match quirk {
        // It is these two, and the second one does not show when both privileges are the same.
        Quirk::Sun20 => &[Quirk::Sun20, Quirk::Supermicro20],
        _ => &[quirk],
    };
    same.iter().any(|quirk| noticed.has(*quirk))
}

/// Logs in, looks, and switches if it may.
async fn manage(row: &Row, bmc: SocketAddr, workarounds: Quirks) -> Result<SessionInfo, Error> {
    let tap = match row.network {
        Some(network) => Tap::with_hook(bmc, network()),
        None => Tap::start(bmc),
    };
    let mut credentials = Credentials {
        username: Username::new(row.user.as_bytes()).unwrap(),
        workarounds,
        ..credentials(row.privilege)
    };
    match row.speaks {
        Suites(suites) => {
            credentials.suites = suites.iter().copied().map(CipherSuite).collect();
        }
        Ipmi15(auth_type) => credentials.protocol = Protocol::Ipmi15(vec![auth_type]),
    }
    if matches!(row.ours, ByName | Fails(_)) {
        credentials.timing.deadline = Duration::from_secs(1);
    }
    let endpoint = Endpoint::bind().unwrap();
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials);
    let outcome = async {
        client.connect().await?;
        client.send(&GetChassisStatus).await?;
        if row.quirk == Quirk::SuitesFromOne {
            assert_eq!(
                listed(&client).await?,
                row.offers.iter().map(|n| n + 1).collect::<Vec<_>>()
            );
        }
        if row.privilege >= Privilege::Operator {
            client.power(PowerAction::Cycle).await?;
        }
        // In the same session, with what was learned in it.
        client.connect().await
    };
    let outcome = outcome.await;
    endpoint.shutdown().await;
    if let Some(shows) = row.shows {
        // What is not answered is not answered late either.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(shows(&tap.packets()), "the BMC does not do it: {:02x?}", tap.packets());
    }
    outcome
}

/// The answers in RMCP+ with this payload type.
fn answers(packets: &[Packet], payload_type: u8) -> impl Iterator<Item = &[u8]> {
    packets
        .iter()
        .filter(|packet| packet.direction == Direction::ToConsole)
        .map(|packet| &packet.bytes[..])
        .filter(move |bytes| bytes.get(4..6) == Some(&[6, payload_type]))
}

/// How many packets of the session went to the BMC, and how many came from there.
fn in_session(packets: &[Packet]) -> (usize, usize) {
    // RMCP+, an IPMI message, whether it is protected or not, and a session ID.
    let is_in = |bytes: &[u8]| bytes[4] == 6 && bytes[5] & 0x3f == 0 && bytes[6..10] != [0; 4];
    let count =
        |direction| packets.iter().filter(|p| p.direction == direction && is_in(&p.bytes)).count();
    (count(Direction::ToBmc), count(Direction::ToConsole))
}

/// Whether it is about Get Session Challenge: RMCP 4, session header without a code 10, then the
/// message, whose sixth byte is the command.
fn is_challenge(bytes: &[u8]) -> bool {
    bytes.get(4) == Some(&0) && bytes.get(19) == Some(&0x39)
}

fn check_freeipmi(row: &Row, bmc: SocketAddr) -> Result<(), String> {
    let Some(FreeIpmi { tool, suite, without, with }) = row.freeipmi else { return Ok(()) };
    let run = |workaround: &[&str]| {
        let freeipmi = freeipmi_at(bmc, suite.unwrap_or(3))?;
        let mut options = match row.quirk {
            // FreeIPMI does not become more patient by itself.
            Quirk::SlowHandshake => {
                vec!["--session-timeout=20000", "--retransmission-timeout=5000"]
            }
            _ => vec!["--session-timeout=2500", "--retransmission-timeout=400"],
        };
        if suite.is_none() {
            // The last one counts.
            options.extend(["-D", "LAN", "-a", "MD5"]);
        }
        options.extend(workaround);
        let words = if tool == "ipmipower" { "--stat" } else { "--get-status" };
        let output = freeipmi.options(options).run(tool, words);
        let says_so = output.stdout.to_lowercase().contains("on");
        Some((output.is_success() && says_so, output.to_string()))
    };
    let Some((outcome, says)) = run(&[]) else { return Ok(()) };
    if outcome != without {
        return Err(format!("FreeIPMI without its workaround: {says}"));
    }
    let Some(with) = with else { return Ok(()) };
    let Some((outcome, says)) = run(&["-W", row.quirk.name()]) else { return Ok(()) };
    if outcome != with {
        return Err(format!("FreeIPMI with its workaround: {says}"));
    }
    Ok(())
}

/// The first answer to RAKP 1 comes so late that the second is not needed any more.
fn crossed_challenges() -> Network {
    const RAKP_2: u8 = 0x13;
    let mut seen = Vec::new();
    Box::new(move |direction, bytes| {
        if direction != Direction::ToConsole || bytes.get(5) != Some(&RAKP_2) {
            return Verdict::Pass;
        }
        seen.push(bytes.to_vec());
        match &seen[..] {
            [_] => Verdict::Drop,
            [first, _] => Verdict::Replace(first.clone()),
            _ => Verdict::Pass,
        }
    })
}

/// The first answer to Get Session Challenge is lost.
fn lost_challenge() -> Network {
    let mut seen = 0;
    Box::new(move |direction, bytes| {
        if direction != Direction::ToConsole || !is_challenge(bytes) {
            return Verdict::Pass;
        }
        seen += 1;
        if seen == 1 { Verdict::Drop } else { Verdict::Pass }
    })
}

/// Every question in a session arrives twice.
fn everything_twice() -> Network {
    Box::new(|direction, bytes| match direction {
        // An encrypted and authenticated IPMI message.
        Direction::ToBmc if bytes.get(4..6) == Some(&[6, 0xc0]) => Verdict::Duplicate,
        _ => Verdict::Pass,
    })
}
