use ipmi_wire::vm::Capabilities;

use super::*;
use crate::system_interface::{Presence, presence};

const ALL: Capabilities = Capabilities(0x3f);

struct Scene {
    now: Instant,
    presence: Presence,
    machine: VmPlatform,
}

impl Scene {
    fn new(was_on: bool) -> Self {
        let now = Instant::now();
        let (presence, seen) = presence(&(std::sync::Arc::new(|| {}) as _));
        let machine = VmPlatform::new(now, seen, SimPlatform::new(1, now, was_on));
        Self { now, presence, machine }
    }

    fn connect(&mut self, capabilities: Capabilities) {
        let guest = Guest { peer: "vm".to_owned(), is_known: true, capabilities };
        self.presence.set(Some(guest));
        self.machine.advance(self.now);
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
        self.machine.advance(self.now);
    }

    fn events(&mut self) -> Vec<PlatformEvent> {
        std::iter::from_fn(|| self.machine.poll_event()).collect()
    }
}

const ON: PlatformEvent = PlatformEvent::PoweredOn(PowerCause::Button);
const OFF: PlatformEvent = PlatformEvent::PoweredOff(PowerCause::OperatingSystem);

#[test]
fn it_is_on_while_it_is_there_and_a_moment_longer() {
    let mut scene = Scene::new(false);
    let silent =
        Guest { peer: "nc".to_owned(), is_known: false, capabilities: Capabilities::default() };
    scene.presence.set(Some(silent));
    scene.wait(10);
    assert!(!scene.machine.is_on(), "who says nothing is no machine");
    scene.connect(ALL);
    assert!(scene.machine.is_on());
    scene.presence.set(None);
    scene.wait(10);
    assert_eq!(scene.machine.poll_timeout(), Some(scene.now + GRACE));
    scene.wait(1000);
    assert!(scene.machine.is_on());
    // It connects again.
    scene.connect(ALL);
    scene.wait(5000);
    assert_eq!(scene.events(), [ON]);
    scene.presence.set(None);
    scene.wait(0);
    scene.wait(3000);
    assert!(!scene.machine.is_on());
    assert_eq!((scene.events(), scene.machine.poll_timeout()), (vec![OFF], None));
}

#[test]
fn what_it_can_do_is_sent_to_it_and_nothing_else() {
    use PowerSignal as S;
    let mut scene = Scene::new(false);
    for signal in [S::On, S::Reset, S::DiagnosticInterrupt] {
        let refused = scene.machine.power(scene.now, signal);
        assert_eq!(refused, Err(PlatformError::WrongState), "{signal:?}");
    }
    assert_eq!(scene.machine.power(scene.now, S::Off), Ok(()), "it is off");
    scene.connect(Capabilities::RESET);
    assert_eq!(scene.machine.power(scene.now, S::On), Ok(()), "it is on");
    assert_eq!(scene.machine.power(scene.now, S::Off), Err(PlatformError::Unsupported));
    assert_eq!(scene.machine.power(scene.now, S::Reset), Ok(()));
    assert!(scene.machine.is_on() && !scene.machine.can_switch_on());
    // Out of sight, nothing reaches it.
    scene.presence.set(None);
    assert_eq!(scene.machine.power(scene.now, S::Reset), Err(PlatformError::Failed));
    // One that takes nothing does not react.
    scene.connect(ALL);
    let sent = (0..100).take_while(|_| scene.machine.power(scene.now, S::SoftShutdown).is_ok());
    assert_eq!(sent.count(), 16);
    assert_eq!(scene.machine.power(scene.now, S::Off), Err(PlatformError::Failed));
}

#[test]
fn told_to_go_off_it_is_off_as_soon_as_it_is_gone() {
    let mut scene = Scene::new(false);
    scene.connect(ALL);
    assert_eq!(scene.machine.power(scene.now, PowerSignal::Off), Ok(()));
    scene.wait(100);
    assert!(scene.machine.is_on(), "it has not reacted yet");
    scene.presence.set(None);
    assert!(!scene.machine.is_on());
    scene.wait(1);
    assert_eq!(scene.events(), [ON, OFF]);
    // The next one is another matter.
    scene.connect(ALL);
    scene.presence.set(None);
    scene.wait(100);
    assert!(scene.machine.is_on());
}

#[test]
fn a_bmc_that_starts_again_finds_its_machine_as_it_was() {
    let mut scene = Scene::new(true);
    scene.wait(900);
    assert!(scene.machine.is_on());
    scene.connect(ALL);
    scene.wait(5000);
    assert_eq!(scene.events(), []);
    let mut gone = Scene::new(true);
    gone.wait(3001);
    assert!(!gone.machine.is_on());
    assert_eq!(gone.events(), [OFF]);
}

#[test]
fn a_reset_is_told_if_the_machine_tells() {
    let mut scene = Scene::new(false);
    scene.connect(ALL);
    scene.presence.was_reset();
    scene.wait(1);
    assert_eq!(scene.events(), [ON, PlatformEvent::Reset(PowerCause::OperatingSystem)]);
}
