//! From a request to its handler: identity, privilege, decoding; the command's own definition
//! supplies all three. What commands there are to discover is read off the same table.

use std::collections::HashMap;
use std::sync::LazyLock;

use ipmi_wire::cmd::app::SubFunctions;
use ipmi_wire::{
    Access, Channel, Command, CommandId, CompletionCode, Encode, Request, Response, registry,
};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::{faults, handlers};

/// What a handler comes to.
pub(crate) type Outcome<T> = Result<T, CompletionCode>;

type Erased = Box<dyn Fn(&mut Bmc, &Context, &[u8]) -> Outcome<Response> + Send + Sync>;

/// Whether a BMC has a command, on a channel that it may be run on.
pub(crate) type Condition = fn(&Bmc, Channel) -> bool;

/// Which sub-function a request is for, if it is for one.
type PartOf = dyn Fn(&[u8]) -> Option<u8> + Send + Sync;

/// The parts of a command that can be disabled each.
struct Parts {
    all: SubFunctions,
    of: Box<PartOf>,
}

struct Route {
    access: Access,
    handler: Erased,
    condition: Option<Condition>,
    parts: Option<Parts>,
}

/// Handlers by command.
#[derive(Default)]
pub(crate) struct Table {
    routes: HashMap<CommandId, Route>,
    /// What holds for those that are entered now.
    condition: Option<Condition>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    handlers::register(&mut table);
    table
});

impl Table {
    /// Lets `handler` answer the command `C`.
    pub(crate) fn on<C, H>(&mut self, handler: H) -> &mut Self
    where
        C: Command + 'static,
        H: Fn(&mut Bmc, &Context, C) -> Outcome<C::Response> + Send + Sync + 'static,
    {
        self.on_coded(move |bmc: &mut Bmc, context: &Context, command: C| {
            handler(bmc, context, command).map(|response| (CompletionCode::OK, response))
        })
    }

    /// The same for a command that may answer with data and a completion code other than 00h.
    pub(crate) fn on_coded<C, H>(&mut self, handler: H) -> &mut Self
    where
        C: Command + 'static,
        H: Fn(&mut Bmc, &Context, C) -> Outcome<(CompletionCode, C::Response)>
            + Send
            + Sync
            + 'static,
    {
        let condition = self.condition;
        let handler: Erased = Box::new(move |bmc, context, data| {
            let command = C::decode_exact(data).map_err(CompletionCode::from)?;
            if condition.is_some_and(|holds| !holds(bmc, context.origin.channel())) {
                return Err(CompletionCode::INVALID_COMMAND);
            }
            let (completion, response) = handler(bmc, context, command)?;
            Ok(Response { completion, data: response.to_bytes() })
        });
        let route = Route { access: C::ACCESS, handler, condition, parts: None };
        self.routes.insert(C::ID, route);
        self
    }

    /// Lets what `register` enters be commands of a BMC that fulfils the condition, and unknown to
    /// any other.
    pub(crate) fn only_if(
        &mut self,
        condition: Condition,
        register: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let around = self.condition.replace(condition);
        register(self);
        self.condition = around;
        self
    }

    /// Tells `C`'s sub-functions apart, so that each can be disabled.
    pub(crate) fn parts<C, F>(&mut self, all: SubFunctions, of: F) -> &mut Self
    where
        C: Command + 'static,
        F: Fn(&C) -> Option<u8> + Send + Sync + 'static,
    {
        if let Some(route) = self.routes.get_mut(&C::ID) {
            let of = Box::new(move |data: &[u8]| C::decode_exact(data).ok().and_then(|c| of(&c)));
            route.parts = Some(Parts { all, of });
        }
        self
    }
}

/// Answers a request.
pub(crate) fn dispatch(bmc: &mut Bmc, context: &Context, request: &Request) -> Response {
    // Who may not ask learns nothing of faults, and counts for none.
    let is_faulty = bmc.faults.is_some() && admit(bmc, context, request).is_ok();
    if !is_faulty {
        return carry_out(bmc, context, request);
    }
    if let Some(response) = faults::instead(bmc, context, request) {
        return response;
    }
    let mut response = carry_out(bmc, context, request);
    faults::spoil(bmc, context, request, &mut response);
    response
}

/// Answers a request as the specification has it.
pub(crate) fn carry_out(bmc: &mut Bmc, context: &Context, request: &Request) -> Response {
    route(bmc, context, request).unwrap_or_else(Response::code)
}

/// The command's route, if whoever asks may run it from there.
fn admit(bmc: &Bmc, context: &Context, request: &Request) -> Outcome<&'static Route> {
    let id = registry::identify(request);
    let route = TABLE.routes.get(&id).ok_or(CompletionCode::INVALID_COMMAND)?;
    context.origin.check(route.access)?;
    // Parts are told apart only where something is disabled.
    if !bmc.firewall.is_open() {
        let part = route.parts.as_ref().and_then(|parts| (parts.of)(&request.data));
        bmc.firewall.check(context.origin.channel(), id, part)?;
    }
    Ok(route)
}

fn route(bmc: &mut Bmc, context: &Context, request: &Request) -> Outcome<Response> {
    let route = admit(bmc, context, request)?;
    if request.lun != 0 {
        return Err(CompletionCode::INVALID_FOR_LUN);
    }
    (route.handler)(bmc, context, &request.data)
}

/// The commands that are answered.
#[must_use]
pub fn served() -> Vec<CommandId> {
    let mut ids: Vec<_> = TABLE.routes.keys().copied().collect();
    ids.sort_unstable();
    ids
}

/// A command as it is discovered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discovered {
    pub(crate) id: CommandId,
    pub(crate) access: Access,
    pub(crate) parts: SubFunctions,
}

/// The commands that this BMC answers on a channel, to whoever has the privilege; all of them at
/// LUN 0. In no order.
pub(crate) fn served_on(bmc: &Bmc, channel: Channel) -> impl Iterator<Item = Discovered> {
    TABLE.routes.iter().filter_map(move |(id, route)| {
        let is_there = channel == Channel::SYSTEM_INTERFACE
            || !matches!(route.access, Access::SystemInterfaceOnly);
        let holds = is_there && route.condition.is_none_or(|holds| holds(bmc, channel));
        let parts = route.parts.as_ref().map_or(SubFunctions::NONE, |parts| parts.all);
        holds.then_some(Discovered { id: *id, access: route.access, parts })
    })
}
