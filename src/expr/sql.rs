//! Expressions as SQL. Every type that the resolver chose is written out, so that a database computes what
//! [`Expression::eval`] does, whatever its `search_path` is.

use crate::ast::Name;
use crate::data::{Type, Value, sql_text};
use crate::expr::Expression;
use crate::expr::function::{Function, Spelling};
use crate::expr::node::{Case, Cast, Extreme, Node};

/// How a column is written, by its name.
pub type WriteColumn<'a> = &'a dyn Fn(&Name) -> String;

impl Expression {
    /// The expression as SQL for PostgreSQL, in brackets where it is more than one word.
    #[must_use]
    pub fn to_sql(&self, column: WriteColumn<'_>) -> String {
        let mut writer = Writer { inputs: &self.0.inputs, column, locals: Vec::new() };
        let sql = writer.node(&self.0.node);
        let is_foreign = self.0.node.ty() == Type::Unknown && self.0.ty != Type::Unknown;
        if is_foreign { format!("{sql}::{}", self.0.ty.unconstrained()) } else { sql }
    }

    /// Whether its result depends on settings of the session: the time zone, the forms in which times, floating-point
    /// numbers and bytes are written as text.
    #[must_use]
    pub fn depends_on_settings(&self) -> bool {
        let shifts = |ty: Type| {
            matches!(
                ty,
                Type::Date
                    | Type::Timestamp
                    | Type::TimestampTz
                    | Type::Interval
                    | Type::Real
                    | Type::Double
                    | Type::Bytea
            )
        };
        self.0.node.any(&|node| match node {
            Node::Cast(cast) => shifts(cast.operand.ty()) || shifts(cast.to),
            Node::Call(_, operands) => shifts(node.ty()) || operands.iter().any(|operand| shifts(operand.ty())),
            _ => false,
        })
    }
}

struct Writer<'a> {
    inputs: &'a [Name],
    column: WriteColumn<'a>,
    /// The values of the enclosing `Let`s, written out.
    locals: Vec<String>,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node) -> String {
        match node {
            Node::Constant(value, ty) => constant(value, *ty),
            Node::Column(at, _) => self.inputs.get(*at).map_or_else(|| "null".to_owned(), self.column),
            Node::Local(at, _) => self.locals.get(*at).cloned().unwrap_or_else(|| "null".to_owned()),
            Node::Call(function, operands) => self.call(function, operands),
            Node::Cast(cast) => self.cast(cast),
            Node::Not(operand) => format!("(not {})", self.node(operand)),
            Node::And(operands) => self.joined(operands, " and ", "true"),
            Node::Or(operands) => self.joined(operands, " or ", "false"),
            Node::IsNull(operand) => format!("({} is null)", self.node(operand)),
            Node::IsBool(operand, value) => {
                let word = value.map_or("unknown", |value| if value { "true" } else { "false" });
                format!("({} is {word})", self.node(operand))
            }
            Node::Distinct(sides) => format!("({} is distinct from {})", self.node(&sides.0), self.node(&sides.1)),
            Node::Case(case) => self.case(case),
            Node::Coalesce(operands, _) => format!("coalesce({})", self.list(operands)),
            Node::Extreme(operands, extreme, _) => {
                let name = if *extreme == Extreme::Greatest { "greatest" } else { "least" };
                format!("{name}({})", self.list(operands))
            }
            Node::Let(parts) => {
                let value = self.node(&parts.0);
                self.locals.push(value);
                let body = self.node(&parts.1);
                self.locals.pop();
                body
            }
        }
    }

    fn list(&mut self, nodes: &[Node]) -> String {
        nodes.iter().map(|node| self.node(node)).collect::<Vec<_>>().join(", ")
    }

    fn joined(&mut self, nodes: &[Node], word: &str, none: &str) -> String {
        if nodes.is_empty() {
            return none.to_owned();
        }
        format!("({})", nodes.iter().map(|node| self.node(node)).collect::<Vec<_>>().join(word))
    }

    fn call(&mut self, function: &Function, operands: &[Node]) -> String {
        match (function.spelling, operands) {
            (Spelling::Word, _) => function.name.to_owned(),
            (Spelling::Extract, [field, moment]) => {
                format!("extract({} from {})::numeric", self.node(field).replace("::text", ""), self.node(moment))
            }
            (Spelling::Call(name), _) => format!("pg_catalog.\"{name}\"({})", self.list(operands)),
            (Spelling::Path, [value, Node::Constant(path, _)]) => {
                let path = if path.is_null() { "null".to_owned() } else { sql_text(&path.to_string()) };
                format!("({} {} {path}::text[])", self.node(value), function.name)
            }
            (_, [operand]) => format!("({} {})", function.name, self.node(operand)),
            (_, [left, right]) if function.reversed => {
                format!("({} {} {})", self.node(right), function.name, self.node(left))
            }
            (_, [left, right]) => format!("({} {} {})", self.node(left), function.name, self.node(right)),
            (_, operands) => format!("({} {})", function.name, self.list(operands)),
        }
    }

    /// An assignment to `varchar(n)` refuses text that is too long, as the column itself does; a cast would cut it.
    fn cast(&mut self, cast: &Cast) -> String {
        let operand = self.node(&cast.operand);
        match cast.to {
            Type::Varchar(Some(_)) if !cast.explicit => format!("{operand}::varchar"),
            to => format!("{operand}::{to}"),
        }
    }

    fn case(&mut self, case: &Case) -> String {
        let arms: Vec<String> =
            case.arms.iter().map(|(when, then)| format!("when {} then {}", self.node(when), self.node(then))).collect();
        let otherwise = case.otherwise.as_ref().map(|node| format!(" else {}", self.node(node)));
        format!("(case {}{} end)", arms.join(" "), otherwise.unwrap_or_default())
    }
}

fn constant(value: &Value, ty: Type) -> String {
    let ty = if ty == Type::Unknown { value.ty().unwrap_or(Type::Unknown) } else { ty };
    match (value, ty) {
        (Value::Null, Type::Unknown) => "null".to_owned(),
        (Value::Null, ty) => format!("null::{ty}"),
        (Value::Boolean(value), _) => value.to_string(),
        (value, ty) => format!("{}::{}", sql_text(&value.to_string()), ty.unconstrained()),
    }
}
