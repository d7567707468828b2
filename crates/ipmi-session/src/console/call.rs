//! What is asked for in a session.

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
        Self { request: Request::of(command), effect: command.effect(), needs }
    }
}
