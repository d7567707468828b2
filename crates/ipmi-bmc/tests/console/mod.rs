//! A console in a session over the LAN, and its BMC.
#![allow(dead_code, reason = "each test takes what it needs")]

use ipmi_session::Secret;
use ipmi_session::console::{Call, Config, Event, Session};
use ipmi_wire::session::Username;
use ipmi_wire::{CompletionCode, Effect, NetFn, Privilege, Request};

use crate::common::{Counting, Machine, peer};

/// The console.
pub(crate) struct Console {
    pub(crate) machine: Machine,
    session: Session,
    entropy: Counting,
    privilege: Privilege,
}

impl Console {
    /// Logs in to `machine` with `privilege`, which is then in force.
    pub(crate) fn login(machine: Machine, privilege: Privilege) -> Self {
        let name = Username::new(b"admin").unwrap();
        let password = Secret::new(b"Complex_Pass").unwrap();
        let config = Config { privilege, ..Config::new(name, password) };
        let mut entropy = Counting(1);
        let session = Session::open(machine.now, config, 1, &mut entropy);
        let mut console = Self { machine, session, entropy, privilege };
        console.talk();
        assert!(matches!(console.session.poll_event(), Some(Event::Established { .. })));
        // Whatever it asks first: the session is raised for it.
        let device_id = Request { netfn: NetFn::App, lun: 0, cmd: 0x01, data: Vec::new() };
        console.ask(device_id);
        let levels: Vec<_> = console.machine.bmc.sessions().iter().map(|s| s.privilege).collect();
        assert_eq!(levels, [privilege]);
        console
    }

    /// Asks; the completion code.
    pub(crate) fn ask(&mut self, request: Request) -> CompletionCode {
        let call = Call::new(request, Effect::Once, self.privilege);
        self.session.call(self.machine.now, call, &mut self.entropy);
        self.talk();
        match self.session.poll_event() {
            Some(Event::Answer(_, response)) => response.completion,
            other => panic!("{other:?}"),
        }
    }

    fn talk(&mut self) {
        while let Some(datagram) = self.session.poll_transmit() {
            let Self { machine, entropy, .. } = self;
            let reply = machine.bmc.handle_datagram(machine.now, peer(), &datagram, entropy);
            if let Some(reply) = reply {
                self.session.handle_datagram(machine.now, &reply, entropy);
            }
        }
    }
}
