//! The simulation, as much of it as fits a few seconds: every kind of trouble, with consoles that
//! are state machines and with whole clients. `cargo xtask soak` runs a million commands, with
//! seeds that nobody has seen.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::time::{Duration, Instant};

use lantern_testkit::sim::{self, Kind, Report};

/// Runs whole clients, on a clock that is paused.
fn run_client(seed: u64, kind: Kind) -> Report {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(sim::run_client(seed, kind))
}

fn run_clients(seeds: impl IntoIterator<Item = u64>, kind: Kind) -> Report {
    let mut sum = Report::default();
    for seed in seeds {
        sum += run_client(seed, kind);
    }
    sum
}

fn rate(report: &Report, took: Duration) -> f64 {
    report.runs as f64 / took.as_secs_f64()
}

fn told(what: &str, run: impl FnOnce() -> Report) -> Report {
    let started = Instant::now();
    let report = run();
    let took = started.elapsed();
    println!("{what}: {report}; {:.0} seeds/s, {:.1} s", rate(&report, took), took.as_secs_f64());
    report
}

/// What each run is held to is in `sim`'s documentation.
fn no_law_is_broken(kind: Kind, states: u64, clients: u64) -> [Report; 2] {
    [
        told(&format!("{kind:?}"), || sim::run_all(0..states, kind)),
        told(&format!("{kind:?}, whole clients"), || run_clients(0..clients, kind)),
    ]
}

#[test]
fn ten_thousand_commands_at_30_percent_loss_do_nothing_twice_and_mix_up_no_answer() {
    let [report, clients] = no_law_is_broken(Kind::Lossy, 200, 20);
    assert!(report.commands >= 10_000 && report.once >= 900, "{report}");
    assert!(report.answered > report.commands * 8 / 10, "{report}");
    assert!(clients.answered > clients.commands * 9 / 10, "{clients}");
}

#[test]
fn short_runs_with_some_trouble_of_each_sort() {
    no_law_is_broken(Kind::Short, 300, 100);
}

#[test]
fn both_ends_may_fail_at_any_step() {
    no_law_is_broken(Kind::Failures, 150, 50);
}

#[test]
fn the_network_may_swallow_everything_for_a_while() {
    no_law_is_broken(Kind::Holes, 100, 40);
}

#[test]
fn whoever_is_on_the_wire_can_replay_and_change_and_make_things_up_in_vain() {
    let [report, _] = no_law_is_broken(Kind::Attacked, 150, 50);
    assert!(report.attacks > report.commands, "{report}");
}

#[test]
fn a_bmc_may_take_its_time() {
    no_law_is_broken(Kind::Slow, 60, 30);
}

#[test]
fn several_consoles_do_not_get_into_each_others_way() {
    no_law_is_broken(Kind::Crowd, 100, 30);
}

#[test]
fn what_consoles_resend_that_must_not_be_done_twice_is_done_once() {
    let report = told("Foreign", || sim::run_all(0..150, Kind::Foreign));
    assert!(report.once > report.commands / 4, "{report}");
}

#[test]
fn sessions_of_ipmi_15_hold_as_well() {
    no_law_is_broken(Kind::Ipmi15, 100, 40);
}

#[test]
fn all_of_it_may_come_at_once() {
    no_law_is_broken(Kind::Anything, 150, 50);
}

#[test]
fn the_same_seed_makes_for_the_same_run() {
    for kind in Kind::ALL {
        for run in [sim::run, run_client] {
            let [first, again, other] = [7, 7, 8].map(|seed| run(seed, kind));
            assert_eq!(first, again, "{kind:?}");
            assert_ne!(first.hash, other.hash, "{kind:?}");
        }
    }
}

/// `cargo xtask soak` says how many commands, and with which seed to begin.
#[test]
fn as_long_as_one_likes() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let Some(commands) = number("LANTERN_SIM_COMMANDS") else { return };
    let first = number("LANTERN_SIM_SEED").unwrap_or(1_000_000);
    // Half of them for each level, and half of that at 30 % loss.
    let half = |run: fn(u64, Kind) -> Report| {
        let (started, mut sum) = (Instant::now(), Report::default());
        for seed in first.. {
            if sum.commands >= commands / 2 {
                break;
            }
            sum += run(seed, Kind::Lossy);
            sum += run(seed, Kind::ALL[(seed % Kind::ALL.len() as u64) as usize]);
        }
        (sum, rate(&sum, started.elapsed()))
    };
    let (states, states_rate) = half(sim::run);
    let (clients, clients_rate) = half(run_client);
    let started = Instant::now();
    let short = sim::run_all(first..first + 5000, Kind::Short);
    let short_rate = rate(&short, started.elapsed());
    let mut all = states;
    all += clients;
    println!(
        "{} simulated commands, seeds from {first} on: {} once, {} answered, {} not sent, {} unknown, \
         {} attacks; {states_rate:.0} seeds/s with state machines ({short_rate:.0} short ones), \
         {clients_rate:.0} with whole clients",
        all.commands, all.once, all.answered, all.not_sent, all.unknown, all.attacks,
    );
}
