//! The simulated machine on a virtual clock: no test here sleeps.

use super::*;
use crate::personality::sensors::{Kind, SENSORS};

const CPU1: u8 = 0x01;
const FAN1: u8 = 0x10;
const RAIL_12V: u8 = 0x20;
const TOTAL_POWER: u8 = 0x32;
const INTRUSION: u8 = 0x40;
const ACPI: u8 = 0x45;

fn secs(s: f64) -> Duration {
    Duration::from_secs_f64(s)
}

fn value(sim: &mut SimPlatform, now: Instant, number: u8) -> f64 {
    match sim.measure(now, number) {
        Measurement::Value(value) => value,
        other => panic!("sensor {number:#04x}: {other:?}"),
    }
}

/// Everything that the machine says at one instant.
fn snapshot(sim: &mut SimPlatform, now: Instant) -> Vec<Measurement> {
    SENSORS.iter().map(|sensor| sim.measure(now, sensor.number)).collect()
}

/// Seconds until CPU 1 has covered 63.2 % of the way to where it is an hour later.
fn time_to_63_percent(sim: &mut SimPlatform, t0: Instant, rest: f64) -> f64 {
    let start = value(sim, t0, CPU1);
    let goal = start + (rest - start) * (1.0 - (-1.0_f64).exp());
    let rising = rest > start;
    (0..3600)
        .map(|i| f64::from(i) * 0.25)
        .find(|&t| (value(sim, t0 + secs(t), CPU1) >= goal) == rising)
        .unwrap()
}

#[test]
fn a_cpu_heats_with_the_stated_time_constant() {
    // A load at which the fans stay at their idle speed, so that they do not change the goal.
    let t0 = Instant::now();
    let machine = || {
        let mut sim = SimPlatform::new(1, t0, false);
        sim.set_constant_load(t0, Some(0.1));
        sim.power(t0, PowerSignal::On).unwrap();
        sim
    };
    let rest = value(&mut machine(), t0 + secs(10.0 * CPU_TAU), CPU1);
    assert!((38.0..45.0).contains(&rest), "{rest}");
    let tau = time_to_63_percent(&mut machine(), t0, rest);
    assert!((tau / CPU_TAU - 1.0).abs() < 0.05, "{tau} s");
}

#[test]
fn fans_in_control_shorten_the_rise_by_a_tenth_at_most() {
    let t0 = Instant::now();
    for load in [0.3, 0.4, 0.6, 0.8, 1.0] {
        let machine = || {
            let mut sim = SimPlatform::new(1, t0, false);
            sim.set_constant_load(t0, Some(load));
            sim.power(t0, PowerSignal::On).unwrap();
            sim
        };
        let rest = value(&mut machine(), t0 + secs(10.0 * CPU_TAU), CPU1);
        let tau = time_to_63_percent(&mut machine(), t0, rest);
        assert!((0.88..1.0).contains(&(tau / CPU_TAU)), "{tau} s at load {load}");
    }
}

#[test]
fn a_cpu_cools_with_the_stated_time_constant() {
    let t0 = Instant::now();
    let machine = || {
        let mut sim = SimPlatform::new(1, t0, true);
        sim.power(t0, PowerSignal::Off).unwrap();
        sim
    };
    let room = value(&mut machine(), t0 + secs(10.0 * CPU_TAU), CPU1);
    assert!((room - 24.0).abs() < 0.5, "{room}");
    let tau = time_to_63_percent(&mut machine(), t0, room);
    assert!((tau / CPU_TAU - 1.0).abs() < 0.05, "{tau} s");
}

#[test]
fn fans_follow_the_heat_with_a_lag() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, false);
    sim.set_constant_load(t0, Some(0.8));
    sim.power(t0, PowerSignal::On).unwrap();
    assert_eq!(sim.measure(t0 + secs(1.9), FAN1), Measurement::Unavailable);

    // Spinning up: after one time constant at 63.2 % of the idle speed.
    let idle = 0.3 * 12_000.0;
    let spun = value(&mut sim, t0 + secs(FAN_TAU), FAN1) / idle;
    assert!((spun - 0.632).abs() < 0.02, "{spun}");

    // Then on with the temperature; never back by more than the noise of half a percent.
    let (mut last, mut first) = (0.0, None);
    for s in 12..600 {
        let now = t0 + secs(s.into());
        let speed = value(&mut sim, now, FAN1);
        assert!(speed > 0.985 * last, "{last} to {speed} RPM at {s} s");
        last = last.max(speed);
        first = first.or_else(|| (speed > 1.05 * idle).then_some(s));
    }
    assert!(last > 1.5 * idle, "{last} RPM");
    // A cold CPU needs a while to reach the knee of the control curve.
    assert!(first > Some(15), "{first:?}");
}

#[test]
fn how_often_it_is_advanced_makes_no_difference() {
    let t0 = Instant::now();
    let script = |advance: &dyn Fn(&mut SimPlatform, Instant, Instant)| {
        let mut sim = SimPlatform::new(42, t0, false);
        let mut now = t0;
        let mut go = |sim: &mut SimPlatform, seconds: f64| {
            advance(sim, now, now + secs(seconds));
            now += secs(seconds);
            now
        };
        let now = go(&mut sim, 3.333);
        sim.power(now, PowerSignal::On).unwrap();
        let now = go(&mut sim, 61.7);
        sim.power(now, PowerSignal::Reset).unwrap();
        let now = go(&mut sim, 100.0);
        sim.set_override(now, CPU1, Measurement::Value(84.0));
        let now = go(&mut sim, 30.1);
        sim.clear_override(now, CPU1);
        let now = go(&mut sim, 1.0);
        sim.power(now, PowerSignal::SoftShutdown).unwrap();
        let now = go(&mut sim, 47.11);
        snapshot(&mut sim, now)
    };
    let seldom = script(&|_, _, _| {});
    for step in [0.001, 0.25, 0.7] {
        let often = script(&|sim, mut now, end| {
            while now < end {
                sim.advance(now);
                now += secs(step);
            }
        });
        assert_eq!(often, seldom, "with steps of {step} s");
    }
}

#[test]
fn a_day_unobserved_ends_where_a_watched_day_ends() {
    let t0 = Instant::now();
    let end = t0 + secs(86_400.0);
    let (mut seldom, mut often) = (SimPlatform::new(5, t0, false), SimPlatform::new(5, t0, false));
    for sim in [&mut seldom, &mut often] {
        sim.power(t0 + secs(1.0), PowerSignal::On).unwrap();
    }
    for half_hour in 0..48 {
        often.advance(t0 + secs(1800.0 * f64::from(half_hour)));
    }
    for (a, b) in snapshot(&mut seldom, end).into_iter().zip(snapshot(&mut often, end)) {
        match (a, b) {
            (Measurement::Value(a), Measurement::Value(b)) => {
                assert!((a - b).abs() < 1e-6 * a.abs().max(1.0), "{a} {b}");
            }
            (a, b) => assert_eq!(a, b),
        }
    }
}

#[test]
fn a_machine_with_a_short_memory_is_where_one_like_it_would_be() {
    let t0 = Instant::now();
    for seed in 0..4 {
        let (mut exact, mut short) =
            (SimPlatform::new(seed, t0, true), SimPlatform::new(seed, t0, true));
        short.set_memory(Duration::from_secs(120));
        for end in [100.0, 119.0] {
            let now = t0 + secs(end);
            assert_eq!(snapshot(&mut short, now), snapshot(&mut exact, now), "not forgotten yet");
        }
        for end in [1000.0, 5000.0, 5100.0, 90_000.0] {
            let now = t0 + secs(end);
            let (a, b) = (value(&mut short, now, CPU1), value(&mut exact, now, CPU1));
            assert!((a - b).abs() < 2.0, "seed {seed}, {end} s: {a} {b}");
        }
        // What was done to it is not forgotten.
        for sim in [&mut exact, &mut short] {
            sim.power(t0 + secs(90_001.0), PowerSignal::Off).unwrap();
        }
        let now = t0 + secs(95_000.0);
        let (a, b) = (value(&mut short, now, CPU1), value(&mut exact, now, CPU1));
        assert!((a - b).abs() < 2.0 && a < 30.0, "seed {seed}: {a} {b}");
    }
}

#[test]
fn reads_at_one_instant_are_one_reading() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(3, t0, true);
    for s in [0.0, 0.1, 17.0, 17.0, 500.5] {
        let now = t0 + secs(s);
        assert_eq!(snapshot(&mut sim, now), snapshot(&mut sim, now));
    }
    // And noise there is.
    let a = value(&mut sim, t0 + secs(600.0), RAIL_12V);
    assert_ne!(value(&mut sim, t0 + secs(601.0), RAIL_12V), a);
}

#[test]
fn equal_seeds_are_equal_machines() {
    let t0 = Instant::now();
    let at = |seed| snapshot(&mut SimPlatform::new(seed, t0, true), t0 + secs(100.0));
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
}

#[test]
fn soft_shutdown_takes_its_time_and_says_who() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    assert_eq!(sim.poll_timeout(), None);
    sim.power(t0, PowerSignal::SoftShutdown).unwrap();
    let due = t0 + SHUTDOWN_TIME;
    assert_eq!(sim.poll_timeout(), Some(due));
    // Asking again does not put it off.
    sim.power(t0 + secs(4.0), PowerSignal::SoftShutdown).unwrap();
    sim.advance(t0 + secs(4.999));
    assert!(sim.is_on());
    assert_eq!(sim.poll_event(), None);

    sim.advance(due);
    assert!(!sim.is_on());
    assert_eq!(sim.poll_event(), Some(PlatformEvent::PoweredOff(PowerCause::OperatingSystem)));
    assert_eq!((sim.poll_event(), sim.poll_timeout()), (None, None));
    assert_eq!(sim.measure(due, ACPI), Measurement::States(1 << 5));
    assert_eq!(sim.measure(due, FAN1), Measurement::Unavailable);
    assert_eq!(sim.measure(due, RAIL_12V), Measurement::Unavailable);
}

#[test]
fn a_command_ends_a_shutdown_under_way() {
    let t0 = Instant::now();
    for (signal, on) in [(PowerSignal::Off, false), (PowerSignal::Reset, true)] {
        let mut sim = SimPlatform::new(1, t0, true);
        sim.power(t0, PowerSignal::SoftShutdown).unwrap();
        sim.power(t0 + secs(2.0), signal).unwrap();
        sim.advance(t0 + secs(60.0));
        assert_eq!((sim.is_on(), sim.poll_event()), (on, None), "{signal:?}");
    }
}

#[test]
fn asking_for_the_state_it_is_in_does_nothing() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, false);
    for signal in [PowerSignal::Off, PowerSignal::Off, PowerSignal::SoftShutdown] {
        sim.power(t0, signal).unwrap();
        assert_eq!((sim.is_on(), sim.poll_event(), sim.poll_timeout()), (false, None, None));
    }
    for signal in [PowerSignal::Reset, PowerSignal::DiagnosticInterrupt] {
        assert_eq!(sim.power(t0, signal), Err(PlatformError::WrongState));
    }
    sim.power(t0, PowerSignal::On).unwrap();
    sim.power(t0 + secs(5.0), PowerSignal::On).unwrap();
    // Still the first power-on: the fans have been turning for five seconds.
    assert!(value(&mut sim, t0 + secs(5.0), FAN1) > 2500.0);
    sim.power(t0 + secs(6.0), PowerSignal::DiagnosticInterrupt).unwrap();
    assert!(sim.is_on());
    assert_eq!(sim.poll_event(), None);
}

#[test]
fn a_reset_interrupts_the_work() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    let before = value(&mut sim, t0, TOTAL_POWER);
    sim.power(t0, PowerSignal::Reset).unwrap();
    assert!(sim.is_on());
    assert!(value(&mut sim, t0 + secs(1.0), TOTAL_POWER) < 0.8 * before);
    assert!(value(&mut sim, t0 + secs(4.0), TOTAL_POWER) > 0.9 * before);
}

#[test]
fn the_button_wakes_and_puts_to_sleep() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, false);
    sim.set_shutdown_time(secs(2.0));
    sim.press_power_button(t0);
    assert!(sim.is_on());
    assert_eq!(sim.poll_event(), Some(PlatformEvent::PoweredOn(PowerCause::Button)));
    sim.press_power_button(t0 + secs(10.0));
    assert!(sim.is_on());
    sim.advance(t0 + secs(12.0));
    assert!(!sim.is_on());
    assert_eq!(sim.poll_event(), Some(PlatformEvent::PoweredOff(PowerCause::Button)));
}

#[test]
fn it_starts_from_what_it_is_told_and_does_no_work_in_its_setup() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, false);
    for device in BOOT_DEVICES {
        assert!(sim.can_boot_from(device), "{device}");
    }
    for device in [BootDevice::REMOTE_CD, BootDevice::REMOTE_MEDIA, BootDevice(0x0a)] {
        assert!(!sim.can_boot_from(device), "{device}");
    }
    sim.set_boot_devices(vec![BootDevice::DISK]);
    assert!(sim.can_boot_from(BootDevice::NO_OVERRIDE) && !sim.can_boot_from(BootDevice::PXE));
    let order = |device| Some(BootOrder { device, instance: 0, efi: true, persistent: false });
    let mut start = |signal, order, at: f64| {
        let now = t0 + secs(at);
        sim.boot_from(now, order);
        sim.power(now, signal).unwrap();
        assert_eq!(sim.boot_order(), order);
        value(&mut sim, now + secs(60.0), TOTAL_POWER)
    };
    let works = start(PowerSignal::On, order(BootDevice::PXE), 0.0);
    let waits = start(PowerSignal::Reset, order(BootDevice::SETUP), 100.0);
    assert!(waits < 0.8 * works, "{waits} {works}");
    assert!(start(PowerSignal::Reset, None, 200.0) > 0.9 * works);
}

#[test]
fn mains_that_failed_are_told_of_when_they_are_back() {
    let t0 = Instant::now();
    let (off, on) =
        (PlatformEvent::PoweredOff(PowerCause::Mains), PlatformEvent::PoweredOn(PowerCause::Mains));
    for (was_on, is_on, expected) in [
        (true, true, vec![off, on]),
        (true, false, vec![off]),
        (false, true, vec![on]),
        (false, false, vec![]),
    ] {
        let mut sim = SimPlatform::new(1, t0, is_on);
        sim.mains_are_back(was_on);
        let events: Vec<_> = std::iter::from_fn(|| sim.poll_event()).collect();
        assert_eq!(events, expected);
    }
}

#[test]
fn faults_can_be_injected_and_withdrawn() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    let calm = value(&mut sim, t0, FAN1);
    sim.set_override(t0, CPU1, Measurement::Value(90.0));
    assert_eq!(sim.measure(t0, CPU1), Measurement::Value(90.0));
    // The fans' controller is taken in.
    assert!(value(&mut sim, t0 + secs(15.0), FAN1) > 11_500.0);
    sim.set_override(t0 + secs(15.0), CPU1, Measurement::Unavailable);
    assert!(value(&mut sim, t0 + secs(30.0), FAN1) > 11_500.0);
    sim.clear_override(t0 + secs(30.0), CPU1);
    assert!(value(&mut sim, t0 + secs(300.0), FAN1) < 1.3 * calm);

    assert_eq!(sim.measure(t0 + secs(300.0), INTRUSION), Measurement::States(0));
    sim.open_lid(true);
    assert_eq!(sim.measure(t0 + secs(300.0), INTRUSION), Measurement::States(1));
}

#[test]
fn the_light_goes_out_by_itself() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    let until = IdentifyLight::Until(t0 + secs(15.0));
    sim.identify(t0, until);
    assert_eq!((sim.identify_light(), sim.poll_timeout()), (until, Some(t0 + secs(15.0))));
    sim.advance(t0 + secs(15.0));
    assert_eq!((sim.identify_light(), sim.poll_timeout()), (IdentifyLight::Off, None));
    sim.identify(t0 + secs(16.0), IdentifyLight::Indefinitely);
    sim.advance(t0 + secs(1e6));
    assert_eq!(sim.identify_light(), IdentifyLight::Indefinitely);
}

#[test]
fn every_sensor_is_measured() {
    let t0 = Instant::now();
    for on in [true, false] {
        let mut sim = SimPlatform::new(1, t0, on);
        for sensor in SENSORS {
            let says = sim.measure(t0, sensor.number);
            match sensor.kind {
                Kind::Discrete(discrete) => {
                    let Measurement::States(states) = says else {
                        panic!("{}: {says:?}", sensor.name)
                    };
                    assert_eq!(states & !discrete.states, 0, "{}", sensor.name);
                }
                Kind::Analog(_) if on => {
                    assert!(matches!(says, Measurement::Value(_)), "{}: {says:?}", sensor.name);
                }
                Kind::Analog(_) => {
                    assert!(!matches!(says, Measurement::States(_)), "{}", sensor.name);
                }
            }
        }
        assert_eq!(sim.measure(t0, 0xfe), Measurement::Unavailable);
    }
}

#[test]
fn what_is_released_says_what_it_said_before() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    let intervene = |sim: &mut SimPlatform, number, says| {
        sim.intervene(t0, Intervention::Sensor { number, says }).unwrap();
        let mut unasked = std::iter::from_fn(|| sim.poll_scan());
        unasked.by_ref().last()
    };
    let (truth, specimen) = (sim.measure(t0, 1), Measurement::Value(5.0));
    sim.set_override(t0, 0x70, specimen);
    for (number, before) in [(1, truth), (0x70, specimen)] {
        for value in [96.0, 97.0] {
            let says = Measurement::Value(value);
            assert_eq!(intervene(&mut sim, number, Some(says)), Some((number, says)));
        }
        assert_eq!(intervene(&mut sim, number, None), Some((number, before)));
        // There is nothing to release any more.
        assert_eq!(intervene(&mut sim, number, None), None);
        assert_eq!(sim.measure(t0, number), before);
    }
}

#[test]
fn a_lid_is_opened_and_closed() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    for open in [true, false] {
        sim.intervene(t0, Intervention::Lid { open }).unwrap();
        assert_eq!(sim.poll_scan(), Some((0x40, Measurement::States(open.into()))));
    }
}

#[test]
fn a_frozen_machine_says_the_same_at_any_time() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(1, t0, true);
    sim.freeze();
    let at_first = snapshot(&mut sim, t0 + secs(300.0));
    assert_eq!(snapshot(&mut sim, t0 + secs(900.0)), at_first);
}
