//! What the operations of the control API do.

#![expect(clippy::unnecessary_wraps, reason = "all operations have the same signature")]

use http::StatusCode;
use serde_json::{Value, json};

use super::control::{Control, Input, Outcome, PREFIX, Refusal, bad};
use super::seed::{AppSeed, MethodSeed};
use super::wishes::{
    ClientId, ClockChange, ConfigToken, ConsentChange, FaultScript, IdTokenFaultScript, SignedIn,
    SigningKey, SigningKeyChange, Token, TokenEnd, Uninstall,
};

pub(super) fn info(control: &Control, _: Input<'_>) -> Outcome {
    Ok(json!({
        "origin": control.origin(),
        "control": format!("{}{PREFIX}", control.origin()),
        "apps": control.apps(),
        "operations": Control::operations(),
    }))
}

pub(super) fn clock(control: &Control, _: Input<'_>) -> Outcome {
    Ok(json!({"now": control.shared().clock().now()}))
}

pub(super) fn change_clock(control: &Control, input: Input<'_>) -> Outcome {
    let change: ClockChange = input.json()?;
    let now = control.shared().clock();
    if let Some(rate) = change.rate {
        now.run(rate);
    }
    if let Some(time) = change.set {
        now.set(time);
    }
    if let Some(seconds) = change.advance {
        now.advance(seconds);
    }
    clock(control, input)
}

pub(super) fn faults(control: &Control, _: Input<'_>) -> Outcome {
    Ok(json!({"left": control.shared().with(|fake| fake.faults_left())}))
}

pub(super) fn script_fault(control: &Control, input: Input<'_>) -> Outcome {
    let script: FaultScript = input.json()?;
    let times = script.times.unwrap_or(1);
    if times > MOST_FAULTS {
        return Err(bad(format!("at most {MOST_FAULTS} faults can be scripted at once")));
    }
    let fault = slack_fake::Fault::from(script.fault);
    control.shared().with(|fake| {
        for _ in 0..times {
            fake.script(script.method.as_str(), fault.clone());
        }
    });
    faults(control, input)
}

pub(super) fn clear_faults(control: &Control, input: Input<'_>) -> Outcome {
    control.shared().with(slack_fake::FakeSlack::clear_faults);
    faults(control, input)
}

pub(super) fn script_id_token_fault(control: &Control, input: Input<'_>) -> Outcome {
    let script: IdTokenFaultScript = input.json()?;
    control.shared().with(|fake| fake.script_id_token(script.fault));
    Ok(done())
}

pub(super) fn set_consent(control: &Control, input: Input<'_>) -> Outcome {
    let change: ConsentChange = input.json()?;
    control.shared().with(|fake| fake.set_consent(change.consent));
    Ok(done())
}

pub(super) fn sign_in(control: &Control, input: Input<'_>) -> Outcome {
    let person: SignedIn = input.json()?;
    control.shared().with(|fake| fake.sign_in(&person.user_id));
    Ok(done())
}

pub(super) fn calls(control: &Control, input: Input<'_>) -> Outcome {
    let name = input.query("name");
    control.shared().with(|fake| {
        let latest: Vec<Value> = fake
            .seen()
            .filter(|call| name.is_none_or(|name| name == call.name))
            .map(|call| {
                json!({
                    "name": call.name,
                    "verb": call.verb.as_ref().map(http::Method::as_str),
                    "at": call.at,
                    "status": call.status.as_u16(),
                })
            })
            .collect();
        let count = name.map_or(latest.len(), |name| fake.calls(name));
        Ok(json!({"count": count, "latest": latest}))
    })
}

pub(super) fn credentials(control: &Control, _: Input<'_>) -> Outcome {
    let now = control.shared().clock().now();
    Ok(json!({"credentials": control.shared().with(|fake| fake.credentials(now))}))
}

pub(super) fn inspect(control: &Control, input: Input<'_>) -> Outcome {
    let Token { token } = input.json()?;
    let now = control.shared().clock().now();
    control.shared().with(|fake| {
        let live = fake.is_live(&token, now);
        Ok(json!({"live": live, "credential": fake.credential_of(&token, now)}))
    })
}

pub(super) fn revoke(control: &Control, input: Input<'_>) -> Outcome {
    let Token { token } = input.json()?;
    known(control.shared().with(|fake| fake.revoke(&token)))
}

pub(super) fn expire(control: &Control, input: Input<'_>) -> Outcome {
    let TokenEnd { token, at } = input.json()?;
    known(control.shared().with(|fake| fake.expire(&token, at)))
}

pub(super) fn issue_config_token(control: &Control, input: Input<'_>) -> Outcome {
    let ConfigToken { team_id, user_id } = input.json()?;
    let now = control.shared().clock().now();
    let pair = control.shared().with(|fake| fake.issue_config_token(&team_id, &user_id, now));
    serde_json::from_slice(pair.body()).map_err(|_| bad("no pair could be issued"))
}

pub(super) fn add_app(control: &Control, input: Input<'_>) -> Outcome {
    let app: AppSeed = input.json()?;
    control.shared().with(|fake| *fake = std::mem::take(fake).app(app.app()));
    let mut kept = control.kept();
    kept.apps.retain(|known| known.client_id != app.client_id);
    kept.apps.push(app);
    Ok(done())
}

pub(super) fn turn_rotation_on(control: &Control, input: Input<'_>) -> Outcome {
    let ClientId { client_id } = input.json()?;
    control.shared().with(|fake| fake.turn_rotation_on(&client_id));
    Ok(done())
}

pub(super) fn uninstall(control: &Control, input: Input<'_>) -> Outcome {
    let Uninstall { client_id, place_id } = input.json()?;
    let now = control.shared().clock().now();
    let ended = control.shared().with(|fake| fake.uninstall_at(&client_id, &place_id, now));
    Ok(json!({"ended": ended}))
}

pub(super) fn add_method(control: &Control, input: Input<'_>) -> Outcome {
    let method: MethodSeed = input.json()?;
    control.shared().with(|fake| *fake = method.add_to(std::mem::take(fake)));
    control.kept().methods.push(method);
    Ok(done())
}

pub(super) fn change_signing_key(control: &Control, input: Input<'_>) -> Outcome {
    let change: SigningKey = input.json()?;
    control.shared().with(|fake| match change.change {
        SigningKeyChange::Rotate => fake.rotate_signing_key(),
        SigningKeyChange::RetireOld => fake.retire_old_signing_key(),
    });
    Ok(done())
}

pub(super) fn events(control: &Control, _: Input<'_>) -> Outcome {
    let new = control.shared().with(slack_fake::FakeSlack::take_events);
    let mut kept = control.kept();
    kept.events.extend(new);
    let surplus = kept.events.len().saturating_sub(MOST_EVENTS);
    kept.events.drain(..surplus);
    Ok(json!({"events": kept.events}))
}

pub(super) fn reset(control: &Control, _: Input<'_>) -> Outcome {
    control.reset();
    Ok(done())
}

pub(super) fn save(control: &Control, _: Input<'_>) -> Outcome {
    let saved = control.shared().with(|fake| fake.save());
    serde_json::from_slice(&saved).map_err(|_| bad("the state could not be written"))
}

pub(super) fn load(control: &Control, input: Input<'_>) -> Outcome {
    control.load(input.body()).map_err(|error| bad(error.to_string()))?;
    Ok(done())
}

fn done() -> Value {
    json!({"done": true})
}

fn known(known: bool) -> Outcome {
    let unknown = || Refusal(StatusCode::NOT_FOUND, "the fake did not issue this token".into());
    if known { Ok(done()) } else { Err(unknown()) }
}

const MOST_FAULTS: usize = 10_000;
const MOST_EVENTS: usize = 10_000;
