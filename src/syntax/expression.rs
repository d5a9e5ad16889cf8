//! Expressions: the grammar gives operands and operators in a row, PostgreSQL's precedence makes a tree of them.

use crate::ast::{BinaryOp, CaseExpr, ColumnRef, Expr, ExprKind, Ident, InList, Literal, UnaryOp, WhenArm};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::build::{Build, present, sql_text};
use crate::syntax::grammar::Rule;
use crate::syntax::limits::{MAX_DEPTH, nests_too_deeply};
use crate::syntax::names;
use crate::syntax::tree::{Node, Nodes};

/// Where an operator stands.
#[derive(Clone, Copy)]
enum Fixity {
    Prefix,
    Infix,
    Postfix,
}

/// How tightly comparisons bind.
const COMPARISON: u8 = 10;

fn comparisons_chain(span: Span) -> Diagnostic {
    Diagnostic::new(Code::Syntax, "comparisons cannot be chained", span, "a second comparison").help(
        "write `a < b and b < c`; to compare the result of a comparison, put that one in parentheses: `(a = b) = c`",
    )
}

/// How tightly an operator binds, as in PostgreSQL; nothing for an operand.
fn binding(rule: Rule) -> Option<(Fixity, u8)> {
    Some(match rule {
        Rule::or => (Fixity::Infix, 2),
        Rule::and | Rule::slip_and => (Fixity::Infix, 4),
        Rule::not => (Fixity::Prefix, 6),
        Rule::is_null | Rule::is_bool => (Fixity::Postfix, 8),
        Rule::distinct => (Fixity::Infix, 8),
        Rule::equal
        | Rule::slip_equals
        | Rule::not_equal
        | Rule::less
        | Rule::less_or_equal
        | Rule::greater
        | Rule::greater_or_equal => (Fixity::Infix, COMPARISON),
        Rule::between | Rule::in_list | Rule::slip_escape => (Fixity::Postfix, 12),
        Rule::like | Rule::ilike => (Fixity::Infix, 12),
        Rule::concat
        | Rule::json_get
        | Rule::json_get_text
        | Rule::json_path
        | Rule::json_path_text
        | Rule::json_delete_path => (Fixity::Infix, 14),
        Rule::plus_op | Rule::minus_op => (Fixity::Infix, 16),
        Rule::times | Rule::divide | Rule::modulo => (Fixity::Infix, 18),
        Rule::power => (Fixity::Infix, 20),
        Rule::minus | Rule::plus => (Fixity::Prefix, 22),
        Rule::cast_op => (Fixity::Postfix, 24),
        _ => return None,
    })
}

/// An expression while it grows: `and` and `or` take operand after operand.
enum PartialExpr {
    Whole(Deep),
    Row(Rule, Vec<Expr>, usize),
}

/// An expression and how deep it nests.
struct Deep {
    expr: Expr,
    depth: usize,
}

impl PartialExpr {
    fn whole(self) -> Deep {
        match self {
            Self::Whole(deep) => deep,
            Self::Row(rule, operands, depth) => {
                let ends = (operands.first(), operands.last());
                let span =
                    if let (Some(first), Some(last)) = ends { first.span.to(last.span) } else { Span::default() };
                let operands = operands.into_boxed_slice();
                let kind = if rule == Rule::and { ExprKind::And(operands) } else { ExprKind::Or(operands) };
                Deep { expr: Expr { kind, span }, depth }
            }
        }
    }

    /// The operands that it brings to a row of `rule`.
    fn into_row(self, rule: Rule) -> (Vec<Expr>, usize) {
        match self {
            Self::Row(own, operands, depth) if own == rule => (operands, depth),
            other => {
                let Deep { expr, depth } = other.whole();
                match expr.kind {
                    ExprKind::And(operands) if rule == Rule::and => (operands.into_vec(), depth),
                    ExprKind::Or(operands) if rule == Rule::or => (operands.into_vec(), depth),
                    kind => (vec![Expr { kind, span: expr.span }], depth + 1),
                }
            }
        }
    }
}

impl Build<'_> {
    /// The tree of an `expr` or `arith` node.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        self.deep(node).expr
    }

    /// The expression that comes next.
    pub(super) fn next_expr(&mut self, nodes: &mut Nodes<'_>) -> Expr {
        let node = nodes.next();
        self.expr(present(node))
    }

    fn deep(&mut self, node: Node<'_>) -> Deep {
        let mut nodes = node.into_inner();
        let first = present(nodes.next());
        if nodes.peek().is_none() {
            return self.primary(first);
        }
        if let Some(at) = prefix_run(std::iter::once(first.clone()).chain(nodes.clone())) {
            let span = self.span(&at);
            return self.too_deep(span);
        }
        self.climb(first, &mut nodes, 0).whole()
    }

    /// The operand that starts with `first`, with every operator after it that binds more tightly than `least`.
    fn climb<'i>(&mut self, first: Node<'i>, nodes: &mut Nodes<'i>, least: u8) -> PartialExpr {
        let mut left = PartialExpr::Whole(match binding(first.as_rule()) {
            Some((_, level)) => {
                let operand = present(nodes.next());
                let operand = self.climb(operand, nodes, level - 1).whole();
                self.prefix(&first, operand)
            }
            None => self.primary(first),
        });
        let mut compared = false;
        while let Some(op) = nodes.peek()
            && let Some((fix, level)) = binding(op.as_rule())
            && level > least
        {
            nodes.next();
            if level == COMPARISON && std::mem::replace(&mut compared, true) {
                let span = self.span(&op);
                self.report(comparisons_chain(span));
            }
            left = if let Fixity::Infix = fix {
                let operand = present(nodes.next());
                if is_path(op.as_rule()) && operand.as_rule() == Rule::string {
                    skip_array_cast(nodes);
                }
                let right = self.climb(operand, nodes, level);
                self.infix(left, &op, right)
            } else {
                PartialExpr::Whole(self.postfix(left.whole(), &op))
            };
        }
        left
    }

    fn made(&mut self, kind: ExprKind, span: Span, depth: usize) -> Deep {
        if depth > MAX_DEPTH { self.too_deep(span) } else { Deep { expr: Expr { kind, span }, depth } }
    }

    fn too_deep(&mut self, span: Span) -> Deep {
        if !self.too_deep {
            self.too_deep = true;
            self.report(nests_too_deeply(Span { end: span.start + 1, ..span }));
        }
        Deep { expr: Expr { kind: ExprKind::Literal(Literal::Null), span }, depth: 1 }
    }

    fn primary(&mut self, node: Node<'_>) -> Deep {
        let span = self.span(&node);
        let literal = match node.as_rule() {
            Rule::string => Literal::Text(names::unquote(node.as_str()).into()),
            Rule::number => Literal::Number(node.as_str().replace('_', "").into()),
            Rule::null => Literal::Null,
            Rule::boolean => Literal::Bool(node.as_str().len() == 4),
            Rule::paren => return self.deep(present(node.into_inner().next())),
            Rule::case => return self.case(node, span),
            Rule::cast => return self.cast(node, span),
            _ => return self.path(node, span),
        };
        Deep { expr: Expr { kind: ExprKind::Literal(literal), span }, depth: 1 }
    }

    fn prefix(&mut self, op: &Node<'_>, operand: Deep) -> Deep {
        let span = self.span(op).to(operand.expr.span);
        let op = match op.as_rule() {
            Rule::minus => UnaryOp::Minus,
            Rule::plus => UnaryOp::Plus,
            _ => UnaryOp::Not,
        };
        self.made(ExprKind::Unary(op, Box::new(operand.expr)), span, operand.depth + 1)
    }

    fn infix(&mut self, left: PartialExpr, op: &Node<'_>, right: PartialExpr) -> PartialExpr {
        let rule = match op.as_rule() {
            Rule::and => Rule::and,
            Rule::or => Rule::or,
            Rule::slip_and => self.slip(op, Rule::and, "and"),
            _ => return PartialExpr::Whole(self.binary(left.whole(), op, right.whole())),
        };
        let (mut operands, left_depth) = left.into_row(rule);
        let (more, right_depth) = right.into_row(rule);
        operands.extend(more);
        let depth = left_depth.max(right_depth);
        if depth > MAX_DEPTH {
            let span = self.span(op);
            return PartialExpr::Whole(self.too_deep(span));
        }
        PartialExpr::Row(rule, operands, depth)
    }

    fn slip(&mut self, op: &Node<'_>, meant: Rule, write: &str) -> Rule {
        let span = self.span(op);
        self.report(
            Diagnostic::new(Code::Syntax, format!("`{}` is not an operator", op.as_str()), span, "")
                .help(format!("write `{write}`"))
                .fix(format!("write `{write}`"), span, write),
        );
        meant
    }

    fn binary(&mut self, left: Deep, op: &Node<'_>, right: Deep) -> Deep {
        let negated = op.clone().into_inner().next().is_some();
        let op = match op.as_rule() {
            Rule::slip_equals => self.slip(op, Rule::equal, "="),
            rule => rule,
        };
        let span = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth) + 1;
        self.made(ExprKind::Binary(binary_op(op, negated), Box::new((left.expr, right.expr))), span, depth)
    }

    fn postfix(&mut self, operand: Deep, op: &Node<'_>) -> Deep {
        let (rule, span) = (op.as_rule(), operand.expr.span.to(self.span(op)));
        let mut nodes = op.clone().into_inner();
        let negated = nodes.peek().is_some_and(|node| node.as_rule() == Rule::negation);
        if negated {
            nodes.next();
        }
        let depth = operand.depth + 1;
        match rule {
            Rule::cast_op => {
                let ty = self.type_name(present(nodes.next()));
                self.made(ExprKind::Cast(Box::new((operand.expr, ty))), span, depth)
            }
            Rule::is_null => self.made(ExprKind::IsNull { operand: Box::new(operand.expr), negated }, span, depth),
            Rule::is_bool => {
                let value = truth(present(nodes.next()).as_str());
                self.made(ExprKind::IsBool { operand: Box::new(operand.expr), value, negated }, span, depth)
            }
            Rule::between => self.between(operand, nodes, negated, span),
            Rule::in_list => self.in_list(operand, nodes, negated, span),
            _ => {
                let at = self.span(op);
                self.report(Diagnostic::new(Code::Syntax, "`escape` is not supported", at, "").help(
                    "write the pattern so that it needs none: a backslash already escapes `%` and `_` in a pattern",
                ));
                operand
            }
        }
    }

    fn between(&mut self, operand: Deep, mut nodes: Nodes<'_>, negated: bool, span: Span) -> Deep {
        let low = self.deep(present(nodes.next()));
        let high = self.deep(present(nodes.next()));
        let depth = operand.depth.max(low.depth).max(high.depth) + 1;
        let operands = Box::new([operand.expr, low.expr, high.expr]);
        self.made(ExprKind::Between { operands, negated }, span, depth)
    }

    fn in_list(&mut self, operand: Deep, nodes: Nodes<'_>, negated: bool, span: Span) -> Deep {
        let mut depth = operand.depth;
        let mut operands = vec![operand.expr];
        for node in nodes {
            operands.push(self.counted(node, &mut depth));
        }
        self.made(ExprKind::In(Box::new(InList { operands: operands.into(), negated })), span, depth + 1)
    }

    /// The tree of `node`; `depth` grows to its depth.
    fn counted(&mut self, node: Node<'_>, depth: &mut usize) -> Expr {
        let deep = self.deep(node);
        *depth = deep.depth.max(*depth);
        deep.expr
    }

    fn case(&mut self, node: Node<'_>, span: Span) -> Deep {
        let mut case = CaseExpr { operand: None, arms: Vec::new(), otherwise: None };
        let mut depth = 0;
        for part in node.into_inner() {
            let rule = part.as_rule();
            let mut nodes = part.into_inner();
            let first = self.counted(present(nodes.next()), &mut depth);
            match rule {
                Rule::case_of => case.operand = Some(first),
                Rule::case_else => case.otherwise = Some(first),
                _ => {
                    let then = self.counted(present(nodes.next()), &mut depth);
                    case.arms.push(WhenArm { when: first, then });
                }
            }
        }
        self.made(ExprKind::Case(Box::new(case)), span, depth + 1)
    }

    fn cast(&mut self, node: Node<'_>, span: Span) -> Deep {
        let mut nodes = node.into_inner();
        let operand = self.deep(present(nodes.next()));
        let ty = self.type_name(present(nodes.next()));
        self.made(ExprKind::Cast(Box::new((operand.expr, ty))), span, operand.depth + 1)
    }

    /// A column, a call, or a literal with its type.
    fn path(&mut self, node: Node<'_>, span: Span) -> Deep {
        let mut nodes = node.into_inner();
        let name = present(nodes.next());
        let Some(next) = nodes.next() else {
            return self.bare(&name, span);
        };
        match next.as_rule() {
            Rule::name => {
                let table = Some(Box::new(self.ident(&name)));
                let column = self.ident(&next);
                leaf(ExprKind::Column(Box::new(ColumnRef { table, column })), span)
            }
            Rule::args => self.call(&name, next, span),
            Rule::string => {
                let ty = self.typed_literal(&name, None);
                self.typed(&next, ty, span)
            }
            _ => {
                let ty = self.typed_literal(&name, Some(&next));
                self.typed(&present(nodes.next()), ty, span)
            }
        }
    }

    fn typed(&mut self, string: &Node<'_>, ty: crate::ast::TypeName, span: Span) -> Deep {
        let text = Literal::Text(names::unquote(string.as_str()).into());
        let operand = Expr { kind: ExprKind::Literal(text), span: self.span(string) };
        Deep { expr: Expr { kind: ExprKind::Cast(Box::new((operand, ty))), span }, depth: 2 }
    }

    /// A name alone: a column, or one of the calls that are written without parentheses.
    fn bare(&mut self, name: &Node<'_>, span: Span) -> Deep {
        let folded = self.names.fold(name.as_str());
        let call = ["current_date", "current_timestamp", "localtimestamp"].contains(&&*folded);
        if call && !name.as_str().starts_with('"') {
            return leaf(ExprKind::Call(Box::new((Ident { name: folded, span }, Box::default()))), span);
        }
        let column = self.ident(name);
        leaf(ExprKind::Column(Box::new(ColumnRef { table: None, column })), span)
    }

    /// A call, its forms with words inside made plain ones.
    fn call(&mut self, name: &Node<'_>, args: Node<'_>, span: Span) -> Deep {
        let mut ident = Ident { name: self.names.fold(name.as_str()), span: self.span(name) };
        let (mut operands, mut words, mut depth) = (Vec::new(), Vec::new(), 0);
        let mut side = None;
        for node in args.into_inner() {
            match node.as_rule() {
                Rule::trim_side => side = Some(node.as_str().to_ascii_lowercase()),
                Rule::expr => operands.push(self.counted(node, &mut depth)),
                _ => words.push((node.as_rule(), self.span(&node))),
            }
        }
        match &*ident.name {
            "extract" => field_as_text(&mut operands),
            "position" => unlist(&mut operands),
            "trim" if side.is_some() || words.iter().any(|word| word.0 == Rule::sep_from) => {
                let trims = match side.as_deref() {
                    Some("leading") => "ltrim",
                    Some("trailing") => "rtrim",
                    _ => "btrim",
                };
                ident.name = self.names.fold(trims);
                if words.first().is_some_and(|word| word.0 == Rule::sep_from) && operands.len() == 2 {
                    operands.swap(0, 1);
                }
            }
            "substring" if words.first().is_some_and(|word| word.0 == Rule::sep_for) => {
                let one = Expr { kind: ExprKind::Literal(Literal::Number("1".into())), span: words[0].1 };
                operands.insert(1, one);
            }
            _ => {}
        }
        self.check_words(&ident, &words);
        self.made(ExprKind::Call(Box::new((ident, operands.into()))), span, depth + 1)
    }

    /// Words between arguments belong to a few functions only.
    fn check_words(&mut self, function: &Ident, words: &[(Rule, Span)]) {
        let allowed: &[Rule] = match &*function.name {
            "extract" | "ltrim" | "rtrim" | "btrim" => &[Rule::sep_comma, Rule::sep_from],
            "position" => &[Rule::sep_comma, Rule::sep_in],
            "substring" => &[Rule::sep_comma, Rule::sep_from, Rule::sep_for],
            _ => &[Rule::sep_comma],
        };
        if let Some((_, span)) = words.iter().find(|word| !allowed.contains(&word.0)) {
            let message = format!("the arguments of `{}` are separated by commas", function.name);
            self.report(Diagnostic::new(Code::Syntax, message, *span, "a comma is needed here"));
        }
    }

    /// An expression that may name no column: `"text"` in it was meant as a value.
    pub(super) fn constant(&mut self, node: Node<'_>) -> Expr {
        let text = node.as_str();
        let mut expr = self.expr(node);
        if text.starts_with('"') {
            self.quoted_constant(&mut expr);
        }
        expr
    }

    fn quoted_constant(&mut self, expr: &mut Expr) {
        let ExprKind::Column(column) = &expr.kind else {
            return;
        };
        let text = column.column.name.clone();
        if column.table.is_some() {
            return;
        }
        self.report(
            Diagnostic::new(Code::Syntax, "double quotes are for names", expr.span, "a value is needed here")
                .help(format!("write {}", sql_text(&text)))
                .fix("use single quotes", expr.span, sql_text(&text)),
        );
        expr.kind = ExprKind::Literal(Literal::Text((*text).into()));
    }
}

/// Whether the right operand of an operator is the literal of an array.
fn is_path(rule: Rule) -> bool {
    matches!(rule, Rule::json_path | Rule::json_path_text | Rule::json_delete_path)
}

/// Goes past `::text[]`, which a path is anyway.
fn skip_array_cast(nodes: &mut Nodes<'_>) {
    let is_array = |node: &Node<'_>| {
        let written = node.as_str().trim_start_matches(':').trim().to_ascii_lowercase();
        node.as_rule() == Rule::cast_op && written == "text[]"
    };
    while nodes.peek().is_some_and(|node| is_array(&node)) {
        nodes.next();
    }
}

fn leaf(kind: ExprKind, span: Span) -> Deep {
    Deep { expr: Expr { kind, span }, depth: 1 }
}

/// The last of more prefix operators in a row than may nest.
fn prefix_run<'i>(nodes: impl Iterator<Item = Node<'i>>) -> Option<Node<'i>> {
    let mut run = 0;
    for node in nodes {
        run = if matches!(node.as_rule(), Rule::minus | Rule::plus | Rule::not) { run + 1 } else { 0 };
        if run > MAX_DEPTH {
            return Some(node);
        }
    }
    None
}

fn truth(word: &str) -> Option<bool> {
    match word.as_bytes()[0].to_ascii_lowercase() {
        b't' => Some(true),
        b'f' => Some(false),
        _ => None,
    }
}

fn binary_op(rule: Rule, negated: bool) -> BinaryOp {
    match rule {
        Rule::plus_op => BinaryOp::Add,
        Rule::minus_op => BinaryOp::Subtract,
        Rule::times => BinaryOp::Multiply,
        Rule::divide => BinaryOp::Divide,
        Rule::modulo => BinaryOp::Modulo,
        Rule::power => BinaryOp::Power,
        Rule::concat => BinaryOp::Concat,
        Rule::json_get => BinaryOp::JsonGet,
        Rule::json_get_text => BinaryOp::JsonGetText,
        Rule::json_path => BinaryOp::JsonPath,
        Rule::json_path_text => BinaryOp::JsonPathText,
        Rule::json_delete_path => BinaryOp::JsonDeletePath,
        Rule::not_equal => BinaryOp::NotEqual,
        Rule::less => BinaryOp::Less,
        Rule::less_or_equal => BinaryOp::LessOrEqual,
        Rule::greater => BinaryOp::Greater,
        Rule::greater_or_equal => BinaryOp::GreaterOrEqual,
        Rule::distinct if negated => BinaryOp::NotDistinct,
        Rule::distinct => BinaryOp::Distinct,
        Rule::like if negated => BinaryOp::NotLike,
        Rule::like => BinaryOp::Like,
        Rule::ilike if negated => BinaryOp::NotILike,
        Rule::ilike => BinaryOp::ILike,
        _ => BinaryOp::Equal,
    }
}

/// `extract(year from t)`: the field is a word, not a column.
fn field_as_text(operands: &mut [Expr]) {
    let Some(first) = operands.first_mut() else {
        return;
    };
    if let ExprKind::Column(column) = &first.kind
        && column.table.is_none()
    {
        first.kind = ExprKind::Literal(Literal::Text((*column.column.name).into()));
    }
}

/// `position(a in (b))` reads like a list of one.
fn unlist(operands: &mut Vec<Expr>) {
    if operands.len() != 1 {
        return;
    }
    if let ExprKind::In(list) = &operands[0].kind
        && !list.negated
        && list.operands.len() == 2
    {
        *operands = list.operands.to_vec();
    }
}
