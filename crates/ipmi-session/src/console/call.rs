//! What is asked for in a session.

use std::time::Duration;

use ipmi_wire::bridge::Route;
use ipmi_wire::{Access, Command, Effect, Privilege, Request};

/// A request with its manners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The request.
    pub request: Request,
    /// What a repetition would do.
    pub effect: Effect,
    /// The privilege it needs; the session is raised to it first.
    pub needs: Privilege,
    /// What goes first, if several calls wait to be sent.
    pub priority: Priority,
    /// With how many requests in flight, itself among them, it may be. More than one only for what
    /// is [`Effect::Read`], and where the caller can tell an answer that is another request's: BMCs
    /// have been seen that merge answers when they are pressed (`research/fleet.md` §3).
    pub abreast: u8,
    /// The way to the controller that it is for, if that is not the BMC. Such a call is alone in
    /// flight.
    pub route: Option<Route>,
    /// How long its answer is waited for, if that is less than [`Timing::deadline`].
    ///
    /// [`Timing::deadline`]: crate::Timing::deadline
    pub patience: Option<Duration>,
}

/// What goes first. Calls of one priority keep their order, and nothing overtakes a call that is
/// not [`Effect::Read`]: the order of effects is the caller's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// One of many that somebody goes through: sensors, records.
    Sweep,
    /// Events.
    Log,
    /// Anything else.
    #[default]
    Ordinary,
    /// What somebody stands and waits for.
    Power,
}

impl Call {
    /// The call of a typed command.
    #[must_use]
    pub fn of<C: Command>(command: &C) -> Self {
        let needs = match C::ACCESS {
            Access::PreSession => Privilege::Callback,
            Access::Session(privilege) => privilege,
            Access::SystemInterfaceOnly => Privilege::Administrator,
        };
        Self::new(Request::of(command), command.effect(), needs)
    }

    /// An ordinary call, alone in flight.
    #[must_use]
    pub const fn new(request: Request, effect: Effect, needs: Privilege) -> Self {
        let priority = Priority::Ordinary;
        Self { request, effect, needs, priority, abreast: 1, route: None, patience: None }
    }

    /// The same, ahead of or behind others.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// The same, with up to `abreast` requests in flight.
    #[must_use]
    pub fn with_abreast(self, abreast: u8) -> Self {
        Self { abreast, ..self }
    }
    /// The same, for a controller behind the BMC.
    #[must_use]
    pub fn with_route(self, route: Route) -> Self {
        Self { route: Some(route), ..self }
    }
}
