//! Our console with our managed system, the latter with one departure from the specification each:
//! what scripted BMCs show in `console_quirks.rs` and `console_ipmi15.rs`, at both ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::time::Duration;

use common::{Bench, config};
use ipmi_session::console::{Call, Config, Event, Failure, Protocol, SessionError};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::session::{AuthType, CipherSuite, Username};

/// Logs in and runs commands; the BMC has these suites and this quirk.
fn run(config: Config, suites: &[u8], quirk: Quirk) -> (Bench, Vec<Quirk>) {
    let mut bench = Bench::new(config);
    bench.bmc.users.suites = suites.to_vec();
    bench.bmc.users.ipmi15 = vec![AuthType::Md5];
    bench.bmc.sessions.set_quirks(Quirks::NONE.with(quirk));
    for needs in [Privilege::User; 6] {
        bench.console.call(bench.now, Call { needs, ..Call::of(&GetDeviceId) }, &mut bench.rng);
    }
    let raised = Call { needs: Privilege::Operator, ..Call::of(&GetDeviceId) };
    bench.console.call(bench.now, raised, &mut bench.rng);
    bench.run(Duration::from_secs(60));
    let noticed = bench.events.iter().filter_map(|event| match event {
        Event::Noticed(quirk) => Some(*quirk),
        _ => None,
    });
    let noticed = noticed.collect();
    bench.events.retain(|event| !matches!(event, Event::Noticed(_)));
    (bench, noticed)
}

fn answered(bench: &Bench) -> usize {
    bench.events.iter().filter(|event| matches!(event, Event::Answer(..))).count()
}

fn suite(number: u8) -> Config {
    Config { suites: vec![CipherSuite(number)], ..config() }
}

fn md5() -> Config {
    Config { protocol: Protocol::Ipmi15(vec![AuthType::Md5]), ..config() }
}

#[test]
fn rmcp_plus_works_with_each_and_says_so() {
    use Quirk as Q;
    for (quirk, suites, tells) in [
        (Q::Intel20, &[1, 2, 3, 6, 7][..], true),
        (Q::Supermicro20, &[3, 17], true),
        (Q::Sun20, &[1, 2, 3], true),
        (Q::OpenSessPriv, &[3, 17], false),
        (Q::IntegrityCheckValue, &[0], true),
        (Q::NoChecksumCheck, &[3, 17], true),
        (Q::SeqByTwo, &[3, 17], true),
        (Q::FreshNonce, &[3, 17], false),
        (Q::VagueRefusal, &[3, 17], false),
        (Q::ShortRefusal, &[3, 17], false),
        (Q::SilentClose, &[3, 17], false),
        (Q::AcceptsReplays, &[3, 17], false),
    ] {
        for number in suites {
            let (bench, noticed) = run(suite(*number), &[*number], quirk);
            assert_eq!(answered(&bench), 7, "{quirk:?}, suite {number}: {:?}", bench.events);
            // Open Session asks for the same privilege as RAKP 1, so that one cannot be told from
            // the other.
            let seen = if quirk == Q::Sun20 { Q::Supermicro20 } else { quirk };
            let expected: &[Quirk] = if tells { &[seen] } else { &[] };
            assert_eq!(noticed, expected, "{quirk:?}, suite {number}");
            assert_eq!(bench.elapsed(), Duration::ZERO, "{quirk:?}");
        }
    }
}

#[test]
fn refusals_of_every_kind_lead_to_the_next_suite_or_to_what_is_wrong() {
    for quirk in [Quirk::SuiteRefusedAsRole, Quirk::ShortRefusal] {
        let (bench, noticed) = run(config(), &[3], quirk);
        assert_eq!((answered(&bench), noticed), (7, vec![quirk]), "{:?}", bench.events);
    }
    let username = Username::new(b"nobody").unwrap();
    let (mut bench, noticed) = run(Config { username, ..config() }, &[17], Quirk::VagueRefusal);
    assert!(matches!(bench.closed(), Some(SessionError::Refused { .. })));
    assert_eq!(noticed, [Quirk::VagueRefusal]);
}

#[test]
fn ipmi_15_works_with_each_and_says_so() {
    use Quirk as Q;
    for (quirk, tells) in [
        (Q::IdZero, true),
        (Q::UnexpectedAuth, true),
        (Q::EndianSeq, true),
        (Q::SeqOffByOne, true),
        (Q::SeqByTwo, true),
        (Q::LostChallenge, false),
        (Q::SilentClose, false),
        (Q::AcceptsReplays, false),
    ] {
        let (bench, noticed) = run(md5(), &[17], quirk);
        assert_eq!(answered(&bench), 7, "{quirk:?}: {:?}", bench.events);
        let expected: &[Quirk] = if tells { &[quirk] } else { &[] };
        assert_eq!((noticed.as_slice(), bench.elapsed()), (expected, Duration::ZERO), "{quirk:?}");
    }
    // That codes are needed all the same cannot be seen: they are always there.
    let (bench, _) = run(md5(), &[17], Q::ForcePerMsg);
    assert_eq!(answered(&bench), 7);
    let operator = Config { privilege: Privilege::Operator, ..md5() };
    let (bench, noticed) = run(operator, &[17], Q::ExactPrivilege);
    assert_eq!((answered(&bench), noticed), (7, vec![Q::ExactPrivilege]), "{:?}", bench.events);
    // Nothing vouches for the first two answers.
    let workarounds = Quirks::NONE.with(Q::NoChecksumCheck);
    let (bench, noticed) = run(Config { workarounds, ..md5() }, &[17], Q::NoChecksumCheck);
    assert_eq!((answered(&bench), noticed), (7, vec![Q::NoChecksumCheck]));
}

#[test]
fn wrong_codes_of_ipmi_15_are_never_believed() {
    let workarounds = Quirk::ALL.into_iter().collect();
    for config in [md5(), Config { workarounds, ..md5() }] {
        let (mut bench, _) = run(config, &[17], Quirk::NoAuthCodeCheck);
        let failed =
            bench.events.iter().any(|e| matches!(e, Event::Failed(_, Failure::WrongCode { .. })));
        let refused = matches!(bench.closed(), Some(SessionError::WrongCode { .. }));
        assert!((failed || refused) && answered(&bench) == 0, "{:?}", bench.events);
    }
}
