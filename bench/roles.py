"""Who works in the databases of the benchmark."""

# login -> native right, role of ours
ROLES = {
    "bench_seller_%": ("sales_team.group_sale_salesman", "seller"),
    "bench_head_%": ("sales_team.group_sale_salesman_all_leads", "head"),
    "bench_director": ("sales_team.group_sale_manager", "director"),
    "bench_marketing": ("sales_team.group_sale_manager", "director"),
}
