//! From a request to its handler: identity, privilege, decoding; the command's own definition
//! supplies all three.

use std::collections::HashMap;
use std::sync::LazyLock;

use ipmi_wire::{Access, Command, CommandId, CompletionCode, Encode, Request, Response, registry};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::{faults, handlers};

/// What a handler comes to.
pub(crate) type Outcome<T> = Result<T, CompletionCode>;

type Erased = Box<dyn Fn(&mut Bmc, &Context, &[u8]) -> Outcome<Response> + Send + Sync>;

struct Route {
    access: Access,
    handler: Erased,
}

/// Handlers by command.
#[derive(Default)]
pub(crate) struct Table(HashMap<CommandId, Route>);

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
        let handler: Erased = Box::new(move |bmc, context, data| {
            let command = C::decode_exact(data).map_err(CompletionCode::from)?;
            let (completion, response) = handler(bmc, context, command)?;
            Ok(Response { completion, data: response.to_bytes() })
        });
        self.0.insert(C::ID, Route { access: C::ACCESS, handler });
        self
    }
}

/// Answers a request.
pub(crate) fn dispatch(bmc: &mut Bmc, context: &Context, request: &Request) -> Response {
    // Who may not ask learns nothing of faults, and counts for none.
    let is_faulty = bmc.faults.is_some() && find(request).is_ok_and(|route| allows(route, context));
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

fn find(request: &Request) -> Outcome<&'static Route> {
    TABLE.0.get(&registry::identify(request)).ok_or(CompletionCode::INVALID_COMMAND)
}

fn allows(route: &Route, context: &Context) -> bool {
    context.origin.check(route.access).is_ok()
}

fn route(bmc: &mut Bmc, context: &Context, request: &Request) -> Outcome<Response> {
    let route = find(request)?;
    context.origin.check(route.access)?;
    if request.lun != 0 {
        return Err(CompletionCode::INVALID_FOR_LUN);
    }
    (route.handler)(bmc, context, &request.data)
}

/// The commands that are answered.
#[must_use]
pub fn served() -> Vec<CommandId> {
    let mut ids: Vec<_> = TABLE.0.keys().copied().collect();
    ids.sort_unstable();
    ids
}
