#include "common/conf/cf_if.h"

bool
cf_if_is_active(const struct cf_if_stack *stack)
{
	return stack->overflow == 0 &&
	       (stack->count == 0 || stack->frames[stack->count - 1].active);
}

enum cf_if_result
cf_if_push(struct cf_if_stack *stack, uint32_t line, bool truth, bool is_bad)
{
	bool outer = cf_if_is_active(stack);

	if (stack->count == CF_IF_DEPTH_MAX) {
		return stack->overflow++ == 0 ? CF_IF_TOO_DEEP : CF_IF_OK;
	}
	stack->frames[stack->count++] = (struct cf_if_frame){
		.line = line,
		.outer = outer,
		.is_bad = is_bad,
		.active = outer && truth && !is_bad,
	};
	return CF_IF_OK;
}

enum cf_if_result
cf_if_else(struct cf_if_stack *stack)
{
	struct cf_if_frame *frame = NULL;

	if (stack->overflow > 0) {
		return CF_IF_OK;
	}
	if (stack->count == 0) {
		return CF_IF_NOT_OPEN;
	}
	frame = &stack->frames[stack->count - 1];
	if (frame->has_else) {
		frame->is_bad = true;
		frame->active = false;
		return CF_IF_SECOND_ELSE;
	}
	frame->has_else = true;
	frame->active = frame->outer && !frame->is_bad && !frame->active;
	return CF_IF_OK;
}

enum cf_if_result
cf_if_end(struct cf_if_stack *stack)
{
	if (stack->overflow > 0) {
		stack->overflow--;
	} else if (stack->count > 0) {
		stack->count--;
	} else {
		return CF_IF_NOT_OPEN;
	}
	return CF_IF_OK;
}
