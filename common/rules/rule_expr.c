#include "common/rules/rule_expr.h"

#include <assert.h>

#include "common/base/attr.h"
#include "common/base/strnum.h"

enum step_kind {
	STEP_NUMBER,
	STEP_NAME,
	STEP_NOT,
	STEP_MINUS, /* of one operand */
	STEP_TIMES,
	STEP_DIVIDE,
	STEP_ADD,
	STEP_SUBTRACT,
	STEP_LESS_EQUAL,
	STEP_GREATER_EQUAL,
	STEP_LESS,
	STEP_GREATER,
	STEP_EQUAL,
	STEP_UNEQUAL,
	STEP_AND,
	STEP_OR,
	STEP_OPEN, /* a parenthesis, while the expression is read */
};

struct rule_step {
	enum step_kind kind;
	double number;
	struct slice name;
};

/* Operators of two operands; longer spellings before their beginnings. */
static const struct {
	const char *text;
	enum step_kind kind;
	int binding; /* the greater, the closer */
} operators[] = {
	{"&&", STEP_AND, 2},
	{"||", STEP_OR, 1},
	{"==", STEP_EQUAL, 3},
	{"!=", STEP_UNEQUAL, 3},
	{"<=", STEP_LESS_EQUAL, 4},
	{">=", STEP_GREATER_EQUAL, 4},
	{"<", STEP_LESS, 4},
	{">", STEP_GREATER, 4},
	{"+", STEP_ADD, 5},
	{"-", STEP_SUBTRACT, 5},
	{"*", STEP_TIMES, 6},
	{"/", STEP_DIVIDE, 6},
};

#define BINDING_UNARY 7

struct parser {
	struct slice rest;
	struct arena *arena;
	struct err_msg *msg;
	struct rule_step steps[RULE_EXPR_STEPS_MAX];
	size_t count;
	struct {
		enum step_kind kind;
		int binding; /* 0: an open parenthesis */
	} waiting[RULE_EXPR_DEPTH_MAX];
	size_t waiting_count;
};

static int
invalid(struct parser *p, const char *what)
{
	return err_set(p->msg, ERR_INVALID, "meta %s", what);
}

static int
too_big(struct parser *p)
{
	return err_set(p->msg, ERR_TOOBIG,
		"meta takes %d names and operators, and parentheses %d deep",
		RULE_EXPR_STEPS_MAX, RULE_EXPR_DEPTH_MAX);
}

static int
add_step(struct parser *p, const struct rule_step *step)
{
	if (p->count == RULE_EXPR_STEPS_MAX) {
		return too_big(p);
	}
	p->steps[p->count++] = *step;
	return 0;
}

static int
push(struct parser *p, enum step_kind kind, int binding)
{
	if (p->waiting_count == RULE_EXPR_DEPTH_MAX) {
		return too_big(p);
	}
	p->waiting[p->waiting_count].kind = kind;
	p->waiting[p->waiting_count].binding = binding;
	p->waiting_count++;
	return 0;
}

/* pop_from - moves operators that bind at least so closely behind their operands */
static int
pop_from(struct parser *p, int binding)
{
	while (p->waiting_count > 0 && p->waiting[p->waiting_count - 1].binding >= binding) {
		struct rule_step step = {.kind = p->waiting[--p->waiting_count].kind};
		int code = add_step(p, &step);

		if (code != 0) {
			return code;
		}
	}
	return 0;
}

static bool
is_word_byte(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

/* take_run - the bytes at the start that are of a word, or of a number */
static struct slice
take_run(struct parser *p, bool is_number)
{
	struct slice out = p->rest;
	size_t n = 0;

	while (n < out.len &&
		(is_word_byte(out.data[n]) || (is_number && out.data[n] == '.'))) {
		n++;
	}
	p->rest = slice_skip(p->rest, n);
	return slice_take(out, n);
}

static int
read_name(struct parser *p)
{
	struct rule_step step = {.kind = STEP_NAME};
	struct slice name = take_run(p, false);

	if (slice_starts_with(slice_trim(p->rest), SLICE("("))) {
		return ERR_UNSUPPORTED;
	}
	step.name = arena_copy(p->arena, name);
	return step.name.data == NULL ? ERR_NOMEM : add_step(p, &step);
}

static int
read_number(struct parser *p)
{
	struct rule_step step = {.kind = STEP_NUMBER};

	if (strnum_decimal(take_run(p, true), &step.number) != 0) {
		return invalid(p, "holds a number that is none");
	}
	return add_step(p, &step);
}

/* read_operand - a name, a number, or what may stand before one; sets is_complete after one */
static int
read_operand(struct parser *p, bool *is_complete)
{
	uint8_t c = p->rest.data[0];

	*is_complete = false;
	if (c == '!' || c == '-' || c == '(') {
		p->rest = slice_skip(p->rest, 1);
		return c == '(' ? push(p, STEP_OPEN, 0)
				: push(p, c == '!' ? STEP_NOT : STEP_MINUS, BINDING_UNARY);
	}
	*is_complete = true;
	if (ascii_is_digit(c) || c == '.') {
		return read_number(p);
	}
	return is_word_byte(c) ? read_name(p) : invalid(p, "lacks the name of a rule");
}

static int
close_parenthesis(struct parser *p)
{
	int code = pop_from(p, 1);

	p->rest = slice_skip(p->rest, 1);
	if (code != 0) {
		return code;
	}
	if (p->waiting_count == 0) {
		return invalid(p, "has a ) too many");
	}
	p->waiting_count--;
	return 0;
}

/* read_operator - one of two operands, or a closing parenthesis; sets is_complete behind that */
static int
read_operator(struct parser *p, bool *is_complete)
{
	*is_complete = p->rest.data[0] == ')';
	if (*is_complete) {
		return close_parenthesis(p);
	}
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		struct slice text = slice_str(operators[i].text);

		if (slice_starts_with(p->rest, text)) {
			int code = pop_from(p, operators[i].binding);

			p->rest = slice_skip(p->rest, text.len);
			return code != 0 ? code
					 : push(p, operators[i].kind, operators[i].binding);
		}
	}
	return invalid(p, "lacks an operator: && || ! == != < > <= >= + - * /");
}

static int
parse(struct parser *p)
{
	bool is_complete = false; /* an operand has just ended */
	int code = 0;

	for (p->rest = slice_trim(p->rest); code == 0 && p->rest.len > 0;
		p->rest = slice_trim(p->rest)) {
		code = is_complete ? read_operator(p, &is_complete)
				   : read_operand(p, &is_complete);
	}
	if (code == 0 && !is_complete) {
		code = invalid(p, "ends where the name of a rule should be");
	}
	if (code == 0) {
		code = pop_from(p, 1);
	}
	if (code == 0 && p->waiting_count > 0) {
		code = invalid(p, "has a ( too many");
	}
	return code;
}

int
rule_expr_parse(
	struct slice text, struct arena *arena, struct rule_expr *out, struct err_msg *msg)
{
	struct parser p = {.rest = text, .arena = arena, .msg = msg};
	int code = parse(&p);

	*out = (struct rule_expr){0};
	if (code != 0) {
		return code;
	}
	out->steps = arena_alloc_array(arena, p.count, sizeof(p.steps[0]));
	if (out->steps == NULL) {
		return ERR_NOMEM;
	}
	memcpy(out->steps, p.steps, p.count * sizeof(p.steps[0]));
	out->count = p.count;
	return 0;
}

static double
apply(enum step_kind kind, double a, double b)
{
	switch (kind) {
	case STEP_TIMES:
		return a * b;
	case STEP_DIVIDE:
		return b == 0 ? 0 : a / b;
	case STEP_ADD:
		return a + b;
	case STEP_SUBTRACT:
		return a - b;
	case STEP_LESS_EQUAL:
		return a <= b;
	case STEP_GREATER_EQUAL:
		return a >= b;
	case STEP_LESS:
		return a < b;
	case STEP_GREATER:
		return a > b;
	case STEP_EQUAL:
		return a == b;
	case STEP_UNEQUAL:
		return a != b;
	case STEP_AND:
		return a != 0 ? b : a;
	case STEP_OR:
		return a != 0 ? a : b;
	case STEP_NUMBER:
	case STEP_NAME:
	case STEP_NOT:
	case STEP_MINUS:
	case STEP_OPEN:
		break;
	}
	return 0;
}

double
rule_expr_value(
	const struct rule_expr *e, double (*value_of)(void *ctx, struct slice name), void *ctx)
{
	/* An operand waits for each operator that waited when it was read, and one is at work. */
	double stack[RULE_EXPR_DEPTH_MAX + 2] = {0};
	size_t top = 0;

	for (size_t i = 0; i < e->count; i++) {
		const struct rule_step *step = &e->steps[i];

		if (step->kind == STEP_NUMBER) {
			stack[top++] = step->number;
		} else if (step->kind == STEP_NAME) {
			stack[top++] = value_of(ctx, step->name);
		} else if (step->kind == STEP_NOT) {
			stack[top - 1] = stack[top - 1] == 0;
		} else if (step->kind == STEP_MINUS) {
			stack[top - 1] = -stack[top - 1];
		} else {
			top--;
			stack[top - 1] = apply(step->kind, stack[top - 1], stack[top]);
		}
		assert(top >= 1 && top < ARRAY_LEN(stack));
	}
	return top == 1 ? stack[0] : 0;
}
